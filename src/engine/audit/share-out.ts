import { createWalk } from "./storage.ts";
import type { Storage } from "./storage.ts";

/** Bytes of a group of manifests with all that they lead to. */
export interface Bytes {
  /** What no other group has. */
  readonly own: number;
  /** What other groups have too. */
  readonly shared: number;
}

export interface SharedOut<Name> {
  readonly groups: ReadonlyMap<Name, Bytes>;
  /** Bytes of all groups, each object once. */
  readonly total: number;
}

/**
 * Tells for each group what it holds alone and what it shares.
 *
 * @param groups Roots of each group, by their numbers.
 * @param others Roots that belong to no group; what they hold too is shared.
 */
export function shareOut<Name>(
  storage: Storage,
  groups: ReadonlyMap<Name, Iterable<number>>,
  others: Iterable<number> = [],
): SharedOut<Name> {
  const { size, bytes } = storage;
  const walk = createWalk(storage);
  /** How many groups hold an object; 2 stands for several. */
  const holders = new Uint8Array(size);
  const last = new Uint32Array(size);
  const names = [...groups.keys()];
  const totals = new Float64Array(names.length + 1);
  let total = 0;
  const hold = (roots: Iterable<number>, group: number): void => {
    for (const root of roots) {
      walk(root, group + 1, (at) => {
        totals[group] = (totals[group] ?? 0) + (bytes[at] ?? 0);
        if (holders[at] === 0 && group < names.length) total += bytes[at] ?? 0;
        holders[at] = holders[at] === 0 ? 1 : 2;
        last[at] = group;
      });
    }
  };
  [...groups.values()].forEach(hold);
  hold(others, names.length);
  const own = new Float64Array(names.length + 1);
  for (let at = 0; at < size; at += 1) {
    const group = last[at] ?? 0;
    if (holders[at] === 1) own[group] = (own[group] ?? 0) + (bytes[at] ?? 0);
  }
  const shares = names.map((name, group): [Name, Bytes] => {
    const alone = own[group] ?? 0;
    return [name, { own: alone, shared: (totals[group] ?? 0) - alone }];
  });
  return { groups: new Map(shares), total };
}
