import { RegistryError } from "../../registry/error.ts";
import { fillCaches } from "./fill-caches.ts";
import type { FinalImage, PublishedImage, StoredIndex } from "./published.ts";
import { putIndex } from "./put-index.ts";
import type { Run } from "./run.ts";
import type { StageBook } from "./stage-book.ts";
import { finalStages } from "./wanted.ts";
import type { WantedImage } from "./wanted.ts";

/** How often what rests on stages is done again because one of them is another by then. */
const MAX_ROUNDS = 4;

/**
 * Does all that rests on the stages, in the final repository, the caches and as indexes, until each of them still is what it
 * was. Rejects with `conflict` when that has no end.
 */
export async function finish(
  images: readonly WantedImage[],
  book: StageBook,
  run: Run,
): Promise<readonly PublishedImage[]> {
  const all = images.flatMap(({ stages }) => stages);
  const seen = (): string =>
    all.map((wanted) => `${book.get(wanted).stageId}@${book.get(wanted).digest}`).join(" ");
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = seen();
    const published = await useStages(images, book, run);
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
async function useStages(
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

function indexOf(index: StoredIndex | undefined): { readonly index?: StoredIndex } {
  return index === undefined ? {} : { index };
}
