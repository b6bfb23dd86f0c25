import { copyStage } from "./copy-stage.ts";
import { attempt, openOptional } from "./run.ts";
import type { Run } from "./run.ts";
import type { StageBook } from "./stage-book.ts";
import type { WantedStage } from "./wanted.ts";

/** Copies stages to every cache that lacks them, as well as can be: what goes wrong is a warning. */
export async function fillCaches(
  stages: readonly WantedStage[],
  book: StageBook,
  run: Run,
): Promise<void> {
  const each = [...new Map(stages.map((one) => [book.get(one).stageId, one])).values()];
  for (const open of run.places.caches) {
    const cache = await openOptional(open, "a cache", run);
    if (cache === undefined) continue;
    const failed = (reason: string): void =>
      run.warn(`cache ${cache.address} could not be filled: ${reason}`);
    await run.each(each, (wanted) =>
      attempt(
        async () => {
          const stage = book.get(wanted);
          if (await cache.listing.has(stage.stageId)) return;
          const copied = await copyStage(stage, wanted, cache, run);
          if ("broken" in copied) failed(`stage ${stage.stageId} lacks ${copied.broken.digest}`);
        },
        failed,
        run.deps.signal,
      ),
    );
  }
}
