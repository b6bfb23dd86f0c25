import { readStage } from "./read-stage.ts";
import type { ReadStage } from "./read-stage.ts";
import { attempt, openOptional } from "./run.ts";
import type { Run } from "./run.ts";

/** A stage as the first cache that lists it has it; `undefined` when none does. What goes wrong there is a warning. */
export async function readCached(
  stage: { readonly stageId: string; readonly platform: string },
  run: Run,
): Promise<ReadStage | undefined> {
  for (const open of run.places.caches) {
    const cache = await openOptional(open, "a cache", run);
    if (cache === undefined) continue;
    const read = await attempt(
      async () => {
        if (!(await cache.listing.has(stage.stageId))) return undefined;
        return readStage(cache, stage, run.deps.signal);
      },
      (reason) => run.warn(`cache ${cache.address} is left out: ${reason}`),
      run.deps.signal,
    );
    if (read !== undefined && typeof read === "object") return read;
  }
  return undefined;
}
