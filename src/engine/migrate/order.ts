import type { Digest } from "../../oci/digest.ts";
import type { TagLabel } from "../cleanup/plan.ts";
import { settle } from "./closure.ts";
import type { Known } from "./links.ts";
import type { PlannedManifest, PlannedTag } from "./plan.ts";

/**
 * The order in which tags are set, so that readers of the target and a cleanup that runs there meanwhile see nothing that
 * misleads them:
 *
 * - names of images first: a record of a name that nobody knows goes
 * - markers before the stages that they warn of, and signatures before what they sign: no one may use it without
 * - stages, then indexes over them, then records: a record without its stage goes, a stage is held by the run's lease
 * - the record of a custom tag before the tag: without it the tag is nobody's
 */
const ORDER = [
  "managed-image",
  "rejected",
  "signature",
  "stage",
  "index",
  "import-metadata",
  "image-metadata",
  "custom-tag-metadata",
  "custom-tag",
  "image",
  "foreign",
] as const satisfies readonly TagLabel[];

const PLACES: ReadonlyMap<TagLabel, number> = new Map(ORDER.map((label, at) => [label, at]));

/** Sorts tags into the order in which they are set; within a class by name. */
export function sortTags(tags: readonly PlannedTag[]): readonly PlannedTag[] {
  const place = (tag: PlannedTag): number => PLACES.get(tag.class) ?? ORDER.length;
  return tags.toSorted((a, b) => place(a) - place(b) || (a.as < b.as ? -1 : a.as > b.as ? 1 : 0));
}

/**
 * The manifests below `roots`, and those of `referrers`, in an order in which everything comes after what it needs: its
 * children, and what it is about as far as that is among them.
 *
 * @param roots In the order of their tags. What is below them was read and is whole.
 */
export function orderManifests(
  roots: readonly Digest[],
  referrers: readonly Digest[],
  known: ReadonlyMap<Digest, Known>,
): readonly PlannedManifest[] {
  const all = [...roots, ...referrers];
  const among = new Set(settle(all, () => false, childrenOf));
  const needsOf = (digest: Digest): readonly Digest[] => {
    const links = linksOf(digest);
    const subject = links?.subject;
    const about = subject === undefined || !among.has(subject) ? [] : [subject];
    return [...new Set([...childrenOf(digest), ...about])];
  };
  return settle(all, () => false, needsOf).flatMap((digest): PlannedManifest[] => {
    const links = linksOf(digest);
    if (links === undefined) return [];
    const { mediaType, size, blobs } = links;
    return [{ digest, mediaType, size, blobs, after: needsOf(digest) }];
  });

  function linksOf(digest: Digest): Exclude<Known, string> | undefined {
    const found = known.get(digest);
    return typeof found === "string" ? undefined : found;
  }

  function childrenOf(digest: Digest): readonly Digest[] {
    return linksOf(digest)?.children.map((child) => child.digest) ?? [];
  }
}
