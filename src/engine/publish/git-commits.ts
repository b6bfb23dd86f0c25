/** `werf-git-<hash>-commit`, and the commit of the branch that was merged to test it. Source: werf 2, git_mapping.go. */
const COMMIT = /^werf-git-(.+)-commit$/;
const MERGED_FROM = /^werf-git-(.+)-virtual-merge-from-commit$/;
const MERGED_INTO = /-virtual-merge-into-commit$/;

/**
 * The commits that a stage was made of, one for each part of a Git tree that went into it; none for a stage that was made
 * without Git. Of a merge that was made only to test it, the merged commit counts: the merge itself is in no history.
 */
export function gitCommitsOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const commits = new Map<string, string>();
  const merged = new Map<string, string>();
  for (const [label, value] of Object.entries(labels)) {
    const from = MERGED_FROM.exec(label)?.[1];
    if (from !== undefined) merged.set(from, value);
    else if (!MERGED_INTO.test(label)) {
      const part = COMMIT.exec(label)?.[1];
      if (part !== undefined) commits.set(part, value);
    }
  }
  return [...new Map([...commits, ...merged]).values()];
}
