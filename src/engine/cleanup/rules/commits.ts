import type { CommitGraph } from "../history.ts";

/** Hex digits of a whole object id: SHA-1 and SHA-256. */
const FULL = new Set([40, 64]);

/**
 * A commit as `org.opencontainers.image.revision` is written: bare, by `git describe`, with a reference or an algorithm
 * before it, or with a mark that the work tree had changes.
 */
const REVISION = /(?:^|-g|[:@])(?<commit>[0-9a-f]{7,64})(?:[-+]dirty)?$/i;

/** The commit that a revision names; `undefined` when it names none. */
export function commitOfRevision(revision: string): string | undefined {
  return REVISION.exec(revision.trim())?.groups?.["commit"]?.toLowerCase();
}

/** What a history makes of commits as they are written. */
export interface FoundCommits {
  /** In full, newest first as far as the order of the history tells. */
  readonly known: readonly string[];
  /** As written: no reference reaches them. */
  readonly unknown: readonly string[];
  /** Abbreviations that mean several commits. */
  readonly ambiguous: readonly string[];
}

/** Makes the search for commits that are written in full or abbreviated. */
export function createCommitFinder(
  graph: CommitGraph,
  written: Iterable<string>,
): (commits: readonly string[]) => FoundCommits {
  const places = findPlaces(graph, written);
  return (commits) => {
    const known: number[] = [];
    const unknown: string[] = [];
    const ambiguous: string[] = [];
    for (const commit of commits) {
      const [place, another] = places.get(commit) ?? [];
      if (place === undefined) unknown.push(commit);
      else if (another === undefined) known.push(place);
      else ambiguous.push(commit);
    }
    const inOrder = [...new Set(known)].sort((a, b) => a - b);
    return { known: inOrder.map((place) => graph.hexOf(place)), unknown, ambiguous };
  };
}

/** Every place that a written commit may mean; the first two are enough to know that it is ambiguous. */
function findPlaces(graph: CommitGraph, written: Iterable<string>): Map<string, number[]> {
  const places = new Map<string, number[]>();
  const lengths = new Set<number>();
  for (const commit of written) {
    const place = FULL.has(commit.length) ? graph.indexOf(commit) : -1;
    places.set(commit, place < 0 ? [] : [place]);
    // Forty digits may be the beginning of a longer id.
    if (place < 0 && commit.length < 64) lengths.add(commit.length);
  }
  if (lengths.size === 0) return places;
  for (let place = 0; place < graph.size; place += 1) {
    const hex = graph.hexOf(place);
    for (const length of lengths) {
      const found = places.get(hex.slice(0, length));
      if (found !== undefined && found.length < 2 && found[0] !== place) found.push(place);
    }
  }
  return places;
}
