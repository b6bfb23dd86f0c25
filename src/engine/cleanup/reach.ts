import type { CommitGraph } from "./history.ts";

/** How many tips one pass follows: the bits of a word. */
export const TIPS_PER_PASS = 32;

/**
 * For every commit, which of the tips reach it: bit `i` stands for `tips[i]`.
 *
 * One forward pass, since children come before parents. At most 32 tips; -1 is nobody's tip.
 */
export function reachMasks(graph: CommitGraph, tips: readonly number[]): Uint32Array {
  const masks = new Uint32Array(graph.size);
  tips.forEach((tip, bit) => {
    if (tip >= 0) masks[tip] = (masks[tip] ?? 0) | (1 << bit);
  });
  for (let commit = 0; commit < graph.size; commit += 1) {
    const mask = masks[commit] ?? 0;
    if (mask === 0) continue;
    const end = graph.parentOffsets[commit + 1] ?? 0;
    for (let at = graph.parentOffsets[commit] ?? 0; at < end; at += 1) {
      const parent = graph.parents[at] ?? -1;
      if (parent >= 0) masks[parent] = (masks[parent] ?? 0) | mask;
    }
  }
  return masks;
}
