import { GitError } from "./error.ts";
import { createIdTable } from "./id-table.ts";
import { createNumberList } from "./number-list.ts";

/**
 * All commits that references reach, and their parents. A commit is an index, from 0; children come before their
 * parents. The parents of commit `c` are `parents[parentOffsets[c]]` up to, not including,
 * `parents[parentOffsets[c + 1]]`, the first parent first.
 */
export interface CommitGraph {
  readonly size: number;
  /** Committer dates in seconds since 1970, negative before. */
  readonly times: Float64Array;
  /** `size + 1` offsets into `parents`. */
  readonly parentOffsets: Uint32Array;
  readonly parents: Uint32Array;
  /** The commit with this id, all hex digits or the first 40; -1 when no reference reaches it. */
  indexOf(hex: string): number;
  hexOf(index: number): string;
}

/** Takes commits in the order in which they get their index. */
export interface CommitGraphBuilder {
  /** Ids as words of 32 bits; they are copied, so one array serves for all. */
  commit(id: Uint32Array, time: number): void;
  /** A parent of the commit that was added last. */
  parent(id: Uint32Array): void;
  /**
   * `GitError("failed")` when a parent was never added as a commit, when a commit was added twice, or when a
   * parent was added before its child: the history is not what it has to be.
   */
  build(): CommitGraph;
}

export function createCommitGraphBuilder(wordsPerId: number): CommitGraphBuilder {
  const table = createIdTable(wordsPerId);
  /** Numbers of the table, in the order of commits, and for each edge. */
  const commits = createNumberList();
  const parents = createNumberList();
  const times = createNumberList();
  const offsets = createNumberList();
  return {
    commit(id, time) {
      commits.push(table.intern(id));
      times.push(time);
      offsets.push(parents.length);
    },
    parent: (id) => parents.push(table.intern(id)),
    build() {
      const size = commits.length;
      const indexes = indexesOf(commits.toUint32(), table.size, (number) => table.hexOf(number));
      offsets.push(parents.length);
      const parentOffsets = offsets.toUint32();
      const parentIndexes = parents.toUint32().map((number) => indexes[number] ?? 0);
      table.renumber(indexes);
      const hexOf = (index: number): string => table.hexOf(index);
      assertChildrenFirst(parentOffsets, parentIndexes, hexOf);
      return {
        size,
        times: times.toFloat64(),
        parentOffsets,
        parents: parentIndexes,
        indexOf: (hex) => table.find(hex),
        hexOf,
      };
    },
  };
}

/** The index of each number; every number has exactly one. */
function indexesOf(
  commits: Uint32Array,
  numbers: number,
  hexOf: (number: number) => string,
): Uint32Array {
  const indexes = new Uint32Array(numbers);
  const isCommit = new Uint8Array(numbers);
  commits.forEach((number, index) => {
    if (isCommit[number] === 1)
      throw new GitError("failed", `git lists commit ${hexOf(number)} twice`);
    isCommit[number] = 1;
    indexes[number] = index;
  });
  const absent = isCommit.indexOf(0);
  if (absent !== -1) {
    throw new GitError(
      "failed",
      `the history is incomplete, git does not list the parent commit ${hexOf(absent)}: check the clone with git fsck`,
    );
  }
  return indexes;
}

function assertChildrenFirst(
  offsets: Uint32Array,
  parents: Uint32Array,
  hexOf: (index: number) => string,
): void {
  for (let commit = 0; commit + 1 < offsets.length; commit += 1) {
    const end = offsets[commit + 1] ?? 0;
    for (let edge = offsets[commit] ?? 0; edge < end; edge += 1) {
      if ((parents[edge] ?? 0) > commit) continue;
      throw new GitError("failed", `git lists commit ${hexOf(commit)} after its parent`);
    }
  }
}
