import { RegistryError } from "../../registry/error.ts";
import { fillCaches } from "./fill-caches.ts";
import { refuseSharedRepositories } from "./places.ts";
import { takeLease } from "./publish-lease.ts";
import type { FinalImage, PublishResult, PublishedImage, StoredIndex } from "./published.ts";
import { putIndex } from "./put-index.ts";
import type { PublishDeps, PublishRequest } from "./request.ts";
import { openRun } from "./run.ts";
import type { Run } from "./run.ts";
import { indexDigestOf } from "../../stages/stage-digest.ts";
import { createStageBook } from "./stage-book.ts";
import type { StageBook } from "./stage-book.ts";
import { wantedImages } from "./wanted.ts";
import type { WantedImage, WantedStage } from "./wanted.ts";

/**
 * Publishes images as stages: what is in the repository is used as it is, what is missing is copied from a secondary
 * repository or uploaded. Whoever publishes the same stage at the same moment ends with the same one, with locks or
 * without.
 *
 * The first failure cancels the rest. What was published by then stays, and another run goes on from there. Rejects with
 * `UsageError`, `RegistryError`, `SourceError` or `LockError`.
 */
export async function publish(request: PublishRequest, deps: PublishDeps): Promise<PublishResult> {
  refuseSharedRepositories(request.repositories);
  const images = wantedImages(request);
  await using run = await openRun(request, deps);
  const all = images.flatMap(({ stages }) => stages);
  const book = createStageBook(all, run);
  const found = await book.look();
  const used = [...found, ...foundIndexes(images, book)];
  const isDone = book.isComplete() && (await areCopied(images, book, run));
  const lease = isDone ? undefined : await takeLease(used, run);
  try {
    await book.bring();
    return {
      images: await finishWhole(images, book, run),
      warnings: [...run.warnings],
      tags: run.places.primary.listing.tags(),
      release: async () => lease?.release(),
    };
  } catch (error) {
    await lease?.release();
    throw error;
  }
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

/** How often what rests on stages is done again because one of them is another by then. */
const MAX_ROUNDS = 4;

/** Does all that rests on the stages, until each of them still is what it was. */
async function finishWhole(
  images: readonly WantedImage[],
  book: StageBook,
  run: Run,
): Promise<readonly PublishedImage[]> {
  const all = images.flatMap(({ stages }) => stages);
  const seen = (): string =>
    all.map((wanted) => `${book.get(wanted).stageId}@${book.get(wanted).digest}`).join(" ");
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = seen();
    const published = await finish(images, book, run);
    await fillCaches(all, book, run);
    await book.verify(all);
    if (seen() === before) return published();
  }
  throw new RegistryError(
    "conflict",
    `${run.places.primary.address}: stages vanish while they are being used; publish again when no cleanup is running`,
  );
}

/** Brings stages to the final repository, and then indexes to where their stages are. */
async function finish(
  images: readonly WantedImage[],
  book: StageBook,
  run: Run,
): Promise<() => readonly PublishedImage[]> {
  const { primary } = run.places;
  const final = await run.places.final();
  // A cache may have anything under the name of a stage, and what is copied stays.
  const cached = images.flatMap(finalStages).filter((one) => book.get(one).source === "cache");
  if (final !== undefined) await book.verify(cached);
  const finals = await run.each(images, async (image) => {
    if (final === undefined || !image.isFinal) return undefined;
    return run.each(image.stages, (wanted) => book.copyTo(final, wanted));
  });
  const withIndex = images.filter(({ stages }) => stages.length > 1);
  // An index never names what is not there.
  await book.verify(withIndex.flatMap(({ stages }) => stages));
  const indexes = await run.each(images, async ({ stages }) =>
    stages.length > 1 ? putIndex(stages.map(book.get), primary, run) : undefined,
  );
  const finalIndexes = await run.each([...finals.entries()], async ([, stages]) =>
    final === undefined || stages === undefined || stages.length < 2
      ? undefined
      : putIndex(stages, final, run),
  );
  return () =>
    images.map(({ name, isFinal, stages }, at) => {
      const copies = finals[at];
      return {
        name,
        isFinal,
        stages: stages.map(book.get),
        ...indexOf(indexes[at]),
        ...(copies === undefined
          ? {}
          : { final: { stages: copies, ...indexOf(finalIndexes[at]) } satisfies FinalImage }),
      };
    });
}

function finalStages({ isFinal, stages }: WantedImage): readonly WantedStage[] {
  return isFinal ? stages : [];
}

function indexOf(index: StoredIndex | undefined): { readonly index?: StoredIndex } {
  return index === undefined ? {} : { index };
}
