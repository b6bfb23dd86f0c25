import type { Digest } from "../../oci/digest.ts";
import { stageRelations } from "../../stages/labels.ts";
import type { Catalog } from "./catalog.ts";
import type { Facts } from "./inventory.ts";

/** The tags whose content leads to a tag's content, by that tag, as far as manifests were read. */
export function findParents({
  catalog,
  facts,
}: {
  readonly catalog: Catalog;
  readonly facts: ReadonlyMap<Digest, Facts>;
}): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>();
  const add = (tag: string, by: string): void => {
    if (tag === by) return;
    const known = parents.get(tag);
    if (known === undefined) parents.set(tag, [by]);
    else known.push(by);
  };
  for (const [tag, { digest }] of catalog.tags) {
    if (digest === undefined) continue;
    for (const below of digestsBelow(digest, facts)) {
      for (const entry of catalog.byDigest.get(below) ?? []) add(entry.tag, tag);
    }
    const known = facts.get(digest);
    if (known?.kind !== "image" || typeof known.image !== "object" || !catalog.stages.has(tag)) {
      continue;
    }
    const { parents: named, importSources, dependencies } = stageRelations(known.image.labels);
    for (const id of [...named, ...importSources, ...dependencies]) add(id, tag);
  }
  return parents;
}

/** Everything below an index, through nested ones. */
function digestsBelow(index: Digest, facts: ReadonlyMap<Digest, Facts>): ReadonlySet<Digest> {
  const below = new Set<Digest>();
  const visit = (digest: Digest): void => {
    const known = facts.get(digest);
    if (known?.kind !== "index") return;
    for (const child of known.children) {
      if (below.has(child.digest)) continue;
      below.add(child.digest);
      visit(child.digest);
    }
  };
  visit(index);
  return below;
}
