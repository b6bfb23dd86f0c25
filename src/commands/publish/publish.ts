import { LockError } from "../../locks/lock.ts";
import { isRegistryError } from "../../registry/error.ts";
import { indexDigestOf } from "../../stages/stage-digest.ts";
import { UnfinishedError } from "../error.ts";
import { finish } from "./finish.ts";
import { refuseSharedRepositories } from "./places.ts";
import { takeLease } from "./publish-lease.ts";
import type { PublishResult } from "./published.ts";
import type { PublishDeps, PublishRequest } from "./request.ts";
import { idsElsewhere } from "./secondary-stage.ts";
import { openRun } from "./run.ts";
import type { Run } from "./run.ts";
import { createStageBook } from "./stage-book.ts";
import type { StageBook } from "./stage-book.ts";
import { finalStages, wantedImages } from "./wanted.ts";
import type { WantedImage } from "./wanted.ts";

/**
 * Publishes images as stages: what is in the repository is used as it is, what is missing is copied from a secondary
 * repository or uploaded. Whoever publishes the same stage at the same moment ends with the same one, with locks or
 * without.
 *
 * The first failure cancels the rest. What was published by then stays, and another run goes on from there. Rejects with
 * `UsageError`, `RegistryError`, `SourceError` or `LockError`; with `UnfinishedError` where a registry or a lock ends what
 * has begun.
 *
 * @param admit Looks, before anything is sent, whether it may be, by the tags of the primary repository.
 */
export async function publish(
  request: PublishRequest,
  deps: PublishDeps,
  admit?: (tags: ReadonlySet<string>) => Promise<void>,
): Promise<PublishResult> {
  refuseSharedRepositories(request.repositories);
  const images = wantedImages(request);
  await using run = await openRun(request, deps);
  const all = images.flatMap(({ stages }) => stages);
  const book = createStageBook(all, run);
  const found = await book.look();
  const isDone = book.isComplete() && (await areCopied(images, book, run));
  if (!isDone) await admit?.(run.places.primary.listing.tags());
  const lease = isDone ? undefined : await takeLease(await used(), run);
  try {
    await book.bring();
    return {
      images: await finish(images, book, run),
      warnings: [...run.warnings],
      tags: run.places.primary.listing.tags(),
      release: async () => lease?.release(),
    };
  } catch (error) {
    await lease?.release();
    throw book.hasWritten() ? unfinished(error) : error;
  }

  /** What is as old as a cleanup may take: it was found, or comes from elsewhere under the id that it has there. */
  async function used(): Promise<readonly string[]> {
    const missing = all.filter((wanted) => !book.has(wanted));
    const elsewhere = await run.each(missing, (wanted) => idsElsewhere(wanted, run));
    return [...new Set([...found, ...foundIndexes(images, book), ...elsewhere.flat()])];
  }
}

function unfinished(error: unknown): unknown {
  if (!isRegistryError(error) && !(error instanceof LockError)) return error;
  return new UnfinishedError(
    `some stages are published, and not all: ${error.message}; publish again, and nothing is sent twice`,
    { cause: error },
  );
}

/** Tags of the indexes of stages that were all found: they may be there too, and as old. */
function foundIndexes(images: readonly WantedImage[], book: StageBook): string[] {
  const whole = images.filter(({ stages }) => stages.length > 1 && stages.every(book.has));
  return whole.map(({ stages }) => indexDigestOf(stages.map(book.get)));
}

/** Whether the final repository lists every stage that has to be there. */
async function areCopied(
  images: readonly WantedImage[],
  book: StageBook,
  { places, each }: Run,
): Promise<boolean> {
  const final = await places.final();
  if (final === undefined) return true;
  const copied = await each(images.flatMap(finalStages), (wanted) =>
    final.listing.has(book.get(wanted).stageId),
  );
  return !copied.includes(false);
}
