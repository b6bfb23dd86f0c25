import type { ClaimedAs, DeletedTag, Deletion, Kept } from "../plan.ts";

/** Puts what rules tell of the tags that they claim into both sides of a plan. */
export function tellClaims<Grouped extends Sides>(
  grouped: Grouped,
  claimed: ReadonlyMap<string, ClaimedAs>,
): Grouped {
  if (claimed.size === 0) return grouped;
  const told = <Entry extends Kept | DeletedTag>(entry: Entry): Entry => {
    const claim = claimed.get(entry.tag);
    return claim === undefined ? entry : { ...entry, claim };
  };
  return {
    ...grouped,
    deletions: grouped.deletions.map((item) => ({ ...item, tags: item.tags.map(told) })),
    kept: grouped.kept.map(told),
  };
}

interface Sides {
  readonly deletions: readonly Deletion[];
  readonly kept: readonly Kept[];
}
