import type { Digest } from "../../oci/digest.ts";
import type { Decision } from "./decision.ts";
import type { Ground } from "./deletions.ts";
import type { Facts } from "./inventory.ts";

/** What a registry that deletes children with their index keeps from going. */
export interface Cascade {
  /** Indexes that would take along what something kept needs, with the first such digest of each. */
  readonly blocked: ReadonlyMap<Digest, Digest>;
  /** Everything below those: as long as the index is there, it names them. */
  readonly pinned: ReadonlySet<Digest>;
}

/**
 * Finds indexes that may not go as manifests, where a child goes with its index when nothing else names it.
 *
 * Needed is what the closure reaches. What names it otherwise is a tag that stays, or another index that does.
 */
export function findCascade(
  indexes: Iterable<Digest>,
  decisions: ReadonlyMap<string, Decision>,
  { catalog, reached, facts, indexesOf }: Ground,
): Cascade {
  const blocked = new Map<Digest, Digest>();
  const pinned = new Set<Digest>();
  for (const index of indexes) {
    const below = descendants(index, facts);
    const needed = [...below].find((digest) => reached.has(digest) && !isNamed(digest));
    if (needed === undefined) continue;
    blocked.set(index, needed);
    for (const digest of below) pinned.add(digest);
  }
  return { blocked, pinned };

  function isNamed(digest: Digest): boolean {
    return hasStayingTag(digest) || (indexesOf.get(digest) ?? []).some(stays);
  }

  function stays(index: Digest): boolean {
    return reached.has(index) || hasStayingTag(index);
  }

  function hasStayingTag(digest: Digest): boolean {
    const tags = catalog.byDigest.get(digest) ?? [];
    return tags.some(({ tag }) => {
      const decision = decisions.get(tag);
      return decision === undefined || "reasons" in decision;
    });
  }
}

/** Everything below an index, through nested ones; not itself. */
function descendants(index: Digest, facts: ReadonlyMap<Digest, Facts>): ReadonlySet<Digest> {
  const below = new Set<Digest>([index]);
  for (const digest of below) {
    const known = facts.get(digest);
    if (known?.kind === "index") for (const child of known.children) below.add(child.digest);
  }
  below.delete(index);
  return below;
}
