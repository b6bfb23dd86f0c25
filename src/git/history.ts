import { shallowCommits, type Clone } from "./clone.ts";
import type { CommitGraph } from "./commit-graph.ts";
import { offline } from "./environment.ts";
import { GitError } from "./error.ts";
import { readReferences, type FoundReference } from "./reference.ts";
import type { ReferenceSource } from "./synchronize.ts";
import { readCommitGraph } from "./walk.ts";

export interface GitReference {
  readonly kind: "branch" | "tag";
  /** Without prefix: `feature/x`. */
  readonly name: string;
  /** The commit in hex; it is in the graph. */
  readonly commit: string;
  /** Seconds since 1970: the tagger date of an annotated tag, else the committer date of the commit. */
  readonly time: number;
}

export interface History {
  /** Sorted by kind, then as Git sorts names. */
  readonly references: readonly GitReference[];
  /** Exactly the commits that the references reach. */
  readonly graph: CommitGraph;
  /** Sentences for a person: references that were left out. */
  readonly warnings: readonly string[];
}

export interface HistoryRequest {
  readonly source: ReferenceSource;
  /** Default: `origin`. */
  readonly remote?: string;
}

/**
 * Reads the references of a source and all history behind them, without the network. `GitError("shallow")` when that
 * history is cut, `"failed"` when a part of it is missing or damaged.
 */
export async function readHistory(
  clone: Clone,
  { source, remote = "origin" }: HistoryRequest,
): Promise<History> {
  const reader: Clone = { ...clone, env: offline({ ...clone.env }) };
  const found = await readReferences(reader, source, remote);
  const graph = await readCommitGraph(reader, [
    ...new Set(found.references.map((reference) => reference.commit)),
  ]);
  const cut = (await shallowCommits(clone)).find((commit) => graph.indexOf(commit) !== -1);
  if (cut !== undefined) {
    throw new GitError(
      "shallow",
      `the history in ${clone.dir} ends at commit ${cut}: deepen the clone, and the remote where it is shallow itself`,
    );
  }
  return {
    references: found.references.map((reference) => dated(reference, graph)),
    graph,
    warnings: found.warnings,
  };
}

function dated({ tagged, ...reference }: FoundReference, graph: CommitGraph): GitReference {
  return { ...reference, time: tagged ?? graph.times[graph.indexOf(reference.commit)] ?? 0 };
}
