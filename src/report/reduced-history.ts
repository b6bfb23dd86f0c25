import type { CommitGraph } from "../engine/cleanup/history.ts";

/** Most nearest ancestors that a commit is drawn with. */
const MAX_PARENTS = 8;

/** Most commits looked at to see whether one line of a drawing says what two others say. */
const MAX_SEARCH = 500;

/**
 * The history with only the commits that matter: for each of them, the nearest ones below it.
 *
 * One pass from the roots up. A line that two others spell out is left out, as far as that shows quickly.
 *
 * @param shown Places of the commits that matter.
 */
export function reduceHistory(
  graph: CommitGraph,
  shown: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const parents = new Map<number, readonly number[]>();
  const near: (readonly number[] | undefined)[] = [];
  for (let commit = graph.size - 1; commit >= 0; commit -= 1) {
    const below = nearestBelow(graph, commit, near);
    const nearest = below.length < 2 ? below : withoutReachable(below, parents);
    if (shown.has(commit)) parents.set(commit, nearest);
    near[commit] = shown.has(commit) ? [commit] : nearest;
  }
  return parents;
}

const NONE: readonly number[] = [];

function nearestBelow(
  graph: CommitGraph,
  commit: number,
  near: readonly (readonly number[] | undefined)[],
): readonly number[] {
  const start = graph.parentOffsets[commit] ?? 0;
  const end = graph.parentOffsets[commit + 1] ?? 0;
  if (end === start) return NONE;
  // Most commits have one parent: its list is shared, not copied.
  if (end - start === 1) return near[graph.parents[start] ?? -1] ?? NONE;
  const below = new Set<number>();
  for (let at = start; at < end; at += 1) {
    for (const commitBelow of near[graph.parents[at] ?? -1] ?? NONE) below.add(commitBelow);
  }
  return [...below].slice(0, MAX_PARENTS);
}

/** Leaves out what another one of the list leads to anyway. */
function withoutReachable(
  commits: readonly number[],
  parents: ReadonlyMap<number, readonly number[]>,
): readonly number[] {
  const deepest = Math.max(...commits);
  const reached = new Set<number>();
  const queue = commits.flatMap((commit) => parents.get(commit) ?? NONE);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next > deepest || reached.has(next)) continue;
    reached.add(next);
    if (reached.size > MAX_SEARCH) break;
    queue.push(...(parents.get(next) ?? NONE));
  }
  return commits.filter((commit) => !reached.has(commit));
}
