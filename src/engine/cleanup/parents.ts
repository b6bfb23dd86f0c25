import type { Digest } from "../../oci/digest.ts";
import { stageRelations } from "../../stages/labels.ts";
import type { Catalog } from "./catalog.ts";
import type { Facts } from "./inventory.ts";
import type { Untagged } from "./untagged.ts";

/** What the search for parents looks at. */
export interface Named {
  readonly catalog: Pick<Catalog, "byDigest" | "stages">;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly untagged: Pick<Untagged, "manifests">;
}

/**
 * The names of what leads to a tag, or to a manifest without one, by that name, as far as manifests were read. What nobody
 * has a name for is looked through: a child of such an index has the parents of the index.
 */
export function findParents(named: Named): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>();
  const add = (name: string, by: string): void => {
    if (name === by) return;
    const known = parents.get(name);
    if (known === undefined) parents.set(name, [by]);
    else known.push(by);
  };
  const { catalog, facts } = named;
  for (const [digest, children] of nearestBelow(named)) {
    for (const by of namesOn(digest, named)) {
      for (const child of children) for (const name of namesOn(child, named)) add(name, by);
    }
  }
  for (const [tag, { digest }] of catalog.stages) {
    const known = digest === undefined ? undefined : facts.get(digest);
    if (known?.kind !== "image" || typeof known.image !== "object") continue;
    const { parents: built, importSources, dependencies } = stageRelations(known.image.labels);
    for (const id of [...built, ...importSources, ...dependencies]) add(id, tag);
  }
  return parents;
}

/** Known indexes that lead to a digest with no other known one between, by that digest. */
export function findIndexesOf(named: Named): ReadonlyMap<Digest, readonly Digest[]> {
  const indexes = new Map<Digest, Digest[]>();
  for (const [digest, nearest, passed] of nearestBelow(named)) {
    for (const child of [...nearest, ...passed]) {
      const known = indexes.get(child);
      if (known === undefined) indexes.set(child, [digest]);
      else known.push(digest);
    }
  }
  return indexes;
}

/** The tags on a digest, or the digest itself where it is known without one; none for what nobody told of. */
export function namesOn(digest: Digest, { catalog, untagged }: Omit<Named, "facts">): string[] {
  const tags = catalog.byDigest.get(digest)?.map(({ tag }) => tag) ?? [];
  return tags.length === 0 && untagged.manifests.has(digest) ? [digest] : tags;
}

/** Every index that is known, with the nearest known digests below it, and those on the way to them. */
function* nearestBelow(
  named: Named,
): Generator<readonly [Digest, ReadonlySet<Digest>, ReadonlySet<Digest>]> {
  const { catalog, facts, untagged } = named;
  const isKnown = (digest: Digest): boolean =>
    catalog.byDigest.has(digest) || untagged.manifests.has(digest);
  for (const index of [...catalog.byDigest.keys(), ...untagged.manifests.keys()]) {
    if (facts.get(index)?.kind !== "index") continue;
    const nearest = new Set<Digest>();
    const passed = new Set<Digest>([index]);
    for (const digest of passed) {
      const known = facts.get(digest);
      if (known?.kind !== "index") continue;
      for (const { digest: child } of known.children) {
        if (isKnown(child)) nearest.add(child);
        else passed.add(child);
      }
    }
    nearest.delete(index);
    passed.delete(index);
    yield [index, nearest, passed];
  }
}
