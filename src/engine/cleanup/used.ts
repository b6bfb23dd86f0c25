import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import type { Facts, InventoryTag, Need } from "./inventory.ts";
import type { Reason } from "./reason.ts";
import type { UsageMatches } from "./usage-match.ts";
import type { UsedImage } from "./usage.ts";

/** Most uses named as evidence for one tag; the rest are counted. */
const MAX_EVIDENCE = 8;

export interface UsedRoots {
  /** Reasons by tag. */
  readonly tags: ReadonlyMap<string, readonly Reason[]>;
  /** Reasons by digest that no tag names. */
  readonly digests: ReadonlyMap<Digest, readonly Reason[]>;
  readonly needs: readonly Need[];
}

/**
 * What of a repository is in use.
 *
 * A tag in use keeps itself, the stages on its digest and, for a custom tag, the stage its record names. A digest in use
 * keeps every tag on it; one that no tag names is kept itself, with the tags of the indexes that lead to it, since
 * registries collect what nothing leads to.
 */
export function findUsed(
  matches: UsageMatches,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
): UsedRoots {
  const uses = new Map<string, Set<UsedImage>>();
  const loose = new Map<Digest, readonly UsedImage[]>();
  const needs: Need[] = [];
  const use = (tag: string, images: readonly UsedImage[]): void => {
    const known = uses.get(tag) ?? new Set();
    uses.set(tag, known);
    for (const image of images) known.add(image);
  };

  for (const [tag, images] of matches.tags) {
    const entry = catalog.tags.get(tag);
    if (entry === undefined) {
      // A custom tag may lie in a copy of the repository, and its record and its stage here.
      const stage = catalog.aliases.get(tag)?.stageId;
      if (stage !== undefined) use(stage, images);
      continue;
    }
    use(tag, images);
    for (const stage of stagesOf(entry, catalog)) use(stage, images);
  }
  for (const [digest, images] of matches.digests) {
    const entries = catalog.byDigest.get(digest) ?? [];
    for (const { tag } of entries) use(tag, images);
    if (entries.length === 0) loose.set(digest, images);
  }
  if (matches.bare.size > 0) useConfigs();
  useIndexes();
  for (const digest of loose.keys()) {
    if (!matches.ours.has(digest)) continue;
    const known = facts.get(digest);
    const isRead = known !== undefined && (known.kind !== "image" || known.image !== undefined);
    if (!isRead) needs.push({ digest, config: true });
  }
  return { tags: reasonsOf(uses), digests: reasonsOf(loose), needs };

  /**
   * A bare digest that is no manifest's may be that of a configuration: then every image has to be read to find it, those
   * of indexes included.
   */
  function useConfigs(): void {
    const configs = new Set([...matches.bare].filter((digest) => loose.has(digest)));
    if (configs.size === 0) return;
    const images = new Set<Digest>();
    for (const { tag, digest } of catalog.tags.values()) {
      const isImage =
        catalog.stages.has(tag) || catalog.claims.has(tag) || catalog.aliases.has(tag);
      if (isImage && digest !== undefined) images.add(digest);
    }
    // A set yields what is added while it is read.
    for (const digest of images) {
      const found = facts.get(digest);
      if (found === undefined) needs.push({ digest, config: false });
      if (found?.kind === "index") for (const child of found.children) images.add(child.digest);
      if (found?.kind !== "image" || !configs.has(found.config)) continue;
      const running = loose.get(found.config) ?? [];
      for (const { tag } of catalog.byDigest.get(digest) ?? []) use(tag, running);
      // The indexes above it are found by it.
      loose.set(digest, [...(loose.get(digest) ?? []), ...running]);
    }
  }

  /** Keeps the tagged indexes above a digest that no tag names. */
  function useIndexes(): void {
    const parents = parentsOf(facts);
    for (const [digest, images] of loose) {
      const above = new Set([digest]);
      for (const below of above) {
        for (const parent of parents.get(below) ?? []) {
          const entries = catalog.byDigest.get(parent) ?? [];
          for (const { tag } of entries) use(tag, images);
          if (entries.length === 0) above.add(parent);
        }
      }
    }
    if (![...loose.keys()].some((digest) => matches.ours.has(digest))) return;
    for (const { digest, mediaType } of catalog.tags.values()) {
      if (digest === undefined || facts.has(digest) || !isIndexType(mediaType ?? "")) continue;
      needs.push({ digest, config: false });
    }
  }
}

/** The stages that a used tag stands for. */
function stagesOf({ tag, digest }: InventoryTag, catalog: Catalog): string[] {
  const onDigest = digest === undefined ? [] : (catalog.byDigest.get(digest) ?? []);
  const stages = onDigest.map((entry) => entry.tag).filter((one) => catalog.stages.has(one));
  const alias = catalog.aliases.get(tag);
  return alias === undefined ? stages : [...stages, alias.stageId];
}

function parentsOf(facts: ReadonlyMap<Digest, Facts>): ReadonlyMap<Digest, readonly Digest[]> {
  const parents = new Map<Digest, Digest[]>();
  for (const [digest, known] of facts) {
    if (known.kind !== "index") continue;
    for (const child of known.children) {
      const above = parents.get(child.digest);
      if (above === undefined) parents.set(child.digest, [digest]);
      else above.push(digest);
    }
  }
  return parents;
}

function reasonsOf<Key>(
  uses: ReadonlyMap<Key, Iterable<UsedImage>>,
): ReadonlyMap<Key, readonly Reason[]> {
  return new Map([...uses].map(([key, images]) => [key, describe([...images])]));
}

function describe(images: readonly UsedImage[]): Reason[] {
  const named = images.slice(0, MAX_EVIDENCE).map((used): Reason => {
    const { cluster, namespace, object, container, image } = used;
    return { kind: "in-use", cluster, namespace, object, container, image };
  });
  const more = images.length - named.length;
  return more > 0 ? [...named, { kind: "in-use-more", count: more }] : named;
}
