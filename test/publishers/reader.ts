import type { Contents } from "./contents.ts";

const STAGE = /^([0-9a-f]{56})-([0-9]{13})$/;

/** The tags of the stages of one digest, the oldest first. */
export function stagesOf({ tags }: Pick<Contents, "tags">, digest: string): string[] {
  const own = [...tags.keys()].filter((tag) => STAGE.exec(tag)?.[1] === digest);
  return own.sort((a, b) => (a < b ? -1 : 1));
}

/** Every digest that has a stage. */
export function stageDigests({ tags }: Pick<Contents, "tags">): string[] {
  const found = [...tags.keys()].flatMap((tag) => STAGE.exec(tag)?.[1] ?? []);
  return [...new Set(found)].sort();
}

/**
 * The stage that whoever looks for a digest takes: the oldest that is not rejected and whole. Written apart from the
 * product, from the rule alone.
 */
export function readStage(contents: Contents, digest: string): string | undefined {
  const { tags, missing } = contents;
  return stagesOf(contents, digest).find((tag) => {
    const isWhole = tags.get(tag)?.blobs.every((blob) => !missing.has(blob)) ?? false;
    return isWhole && !tags.has(`${tag}-rejected`);
  });
}

/** How many stages are there beside those that readers select. */
export function losersIn(contents: Contents): number {
  const digests = stageDigests(contents);
  return digests.reduce((sum, digest) => sum + stagesOf(contents, digest).length - 1, 0);
}
