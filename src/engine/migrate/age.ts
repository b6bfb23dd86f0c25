import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "../cleanup/catalog.ts";
import type { Facts, InventoryTag } from "../cleanup/inventory.ts";

/**
 * When a stage or an image was made: a stage by its tag, an index by its youngest child, anything else by its push where
 * the registry tells, else by its config. Milliseconds since the epoch; `undefined` where nothing tells, and while it has
 * to be read.
 *
 * @param need Called with what has to be read.
 */
export function ageOf(
  entry: InventoryTag,
  catalog: Pick<Catalog, "byDigest">,
  facts: ReadonlyMap<Digest, Facts>,
  need: (digest: Digest) => void,
): number | undefined {
  if (entry.class.kind === "stage") return entry.class.builtAt;
  if (entry.class.kind !== "index" && entry.pushedAt !== undefined) return entry.pushedAt;
  return entry.digest === undefined ? undefined : youngest(entry.digest);

  function youngest(top: Digest): number | undefined {
    const times: number[] = [];
    const below = new Set([top]);
    for (const digest of below) {
      const time = stageTime(digest);
      if (time !== undefined) {
        times.push(time);
        continue;
      }
      const known = facts.get(digest);
      if (known === undefined || (known.kind === "image" && known.image === undefined)) {
        need(digest);
      } else if (known.kind === "index") {
        for (const child of known.children) below.add(child.digest);
      } else if (known.kind === "image" && typeof known.image === "object") {
        const created = Date.parse(known.image.created ?? "");
        if (!Number.isNaN(created)) times.push(created);
      }
    }
    return times.length === 0 ? undefined : Math.max(...times);
  }

  function stageTime(digest: Digest): number | undefined {
    for (const { class: known } of catalog.byDigest.get(digest) ?? []) {
      if (known.kind === "stage") return known.builtAt;
    }
    return undefined;
  }
}
