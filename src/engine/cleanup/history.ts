/** The Git side of a decision, as plain values. `src/git` produces this shape. */
export interface History {
  readonly references: readonly HistoryReference[];
  readonly graph: CommitGraph;
  /** Whether the remote may have more than is read here: then an unknown commit proves nothing. Default: false. */
  readonly mayBeBehind?: boolean;
}

export interface HistoryReference {
  readonly kind: "branch" | "tag";
  /** Without `refs/heads/`, `refs/tags/` or a remote's name. */
  readonly name: string;
  /** Hex object id of the commit it peels to. */
  readonly commit: string;
  /** Seconds since the epoch: tagger date of an annotated tag, else committer date of the commit. */
  readonly time: number;
}

/** Every commit the references reach; children come before their parents. */
export interface CommitGraph {
  readonly size: number;
  /** Place of a commit, or -1 when no reference reaches it. */
  indexOf(hex: string): number;
  /** The commit at a place, all hex digits. */
  hexOf(index: number): string;
  /** Committer dates, seconds since the epoch, by place. */
  readonly times: ArrayLike<number>;
  /** Where a commit's parents start in `parents`, by place; one longer than `times`. */
  readonly parentOffsets: ArrayLike<number>;
  /** Places of parents. */
  readonly parents: ArrayLike<number>;
}
