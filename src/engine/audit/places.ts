import type { CommitGraph, History } from "../cleanup/history.ts";
import { TIPS_PER_PASS, reachMasks } from "../cleanup/reach.ts";
import type { HistoryPlace } from "./audit.ts";

/** Most references that a place names; the rest are counted. */
const MAX_NAMED = 3;

/** The place in the history of every commit that is asked about and that a reference reaches, by commit as it was asked. */
export function findPlaces(
  commits: Iterable<string>,
  history: History | undefined,
): ReadonlyMap<string, HistoryPlace> {
  const places = new Map<string, HistoryPlace>();
  if (history === undefined) return places;
  const { graph, references } = history;
  const asked = new Map<string, number>();
  for (const commit of commits) {
    const place = graph.indexOf(commit);
    if (place >= 0) asked.set(commit, place);
  }
  if (asked.size === 0) return places;
  const nearest = nearestTips(history);
  const counts = countReaching(history, new Set(asked.values()));
  for (const [commit, place] of asked) {
    const found = nearest(place);
    if (found.length === 0) continue;
    places.set(commit, {
      commit: graph.hexOf(place),
      committedAt: isoOf(graph.times[place] ?? 0),
      references: found.map(({ tip }) => `${references[tip]?.kind} ${references[tip]?.name}`),
      more: Math.max(0, (counts.get(place) ?? 0) - found.length),
      behind: found[0]?.distance ?? 0,
    });
  }
  return places;
}

interface Near {
  /** Place of the reference in the list. */
  readonly tip: number;
  /** Steps from it to the commit. */
  readonly distance: number;
}

/**
 * The nearest references of every commit. One forward pass: children come before their parents, so what is nearest to a
 * commit is known before it is handed to its parents.
 */
function nearestTips({ graph, references }: History): (place: number) => Near[] {
  const tips = new Int32Array(graph.size * MAX_NAMED).fill(-1);
  const distances = new Int32Array(graph.size * MAX_NAMED);
  const offer = (place: number, tip: number, distance: number): void => {
    const start = place * MAX_NAMED;
    let at = start + MAX_NAMED;
    for (let slot = start; slot < start + MAX_NAMED; slot += 1) {
      if (tips[slot] === tip && (distances[slot] ?? 0) <= distance) return;
    }
    for (let slot = start; slot < start + MAX_NAMED; slot += 1) {
      if (tips[slot] === -1 || (distances[slot] ?? 0) > distance) {
        at = slot;
        break;
      }
    }
    if (at === start + MAX_NAMED) return;
    // What is farther moves on, as far as to where the same reference stood.
    let last = start + MAX_NAMED - 1;
    for (let slot = at; slot < last; slot += 1) if (tips[slot] === tip) last = slot;
    for (let slot = last; slot > at; slot -= 1) {
      tips[slot] = tips[slot - 1] ?? -1;
      distances[slot] = distances[slot - 1] ?? 0;
    }
    tips[at] = tip;
    distances[at] = distance;
  };
  references.forEach(({ commit }, tip) => {
    const place = graph.indexOf(commit);
    if (place >= 0) offer(place, tip, 0);
  });
  for (let place = 0; place < graph.size; place += 1) {
    const start = place * MAX_NAMED;
    eachParent(graph, place, (parent) => {
      for (let slot = start; slot < start + MAX_NAMED; slot += 1) {
        const tip = tips[slot] ?? -1;
        if (tip >= 0) offer(parent, tip, (distances[slot] ?? 0) + 1);
      }
    });
  }
  return (place) => {
    const found: Near[] = [];
    for (let slot = place * MAX_NAMED; slot < (place + 1) * MAX_NAMED; slot += 1) {
      const tip = tips[slot] ?? -1;
      if (tip >= 0) found.push({ tip, distance: distances[slot] ?? 0 });
    }
    return found;
  };
}

/** How many references reach each of the commits. */
function countReaching(
  { graph, references }: History,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (let from = 0; from < references.length; from += TIPS_PER_PASS) {
    const tips = references.slice(from, from + TIPS_PER_PASS);
    const masks = reachMasks(
      graph,
      tips.map(({ commit }) => graph.indexOf(commit)),
    );
    for (const place of wanted) {
      counts.set(place, (counts.get(place) ?? 0) + bitsIn(masks[place] ?? 0));
    }
  }
  return counts;
}

function eachParent(
  { parentOffsets, parents }: CommitGraph,
  place: number,
  visit: (parent: number) => void,
): void {
  const end = parentOffsets[place + 1] ?? 0;
  for (let at = parentOffsets[place] ?? 0; at < end; at += 1) {
    const parent = parents[at] ?? -1;
    if (parent >= 0) visit(parent);
  }
}

function bitsIn(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
