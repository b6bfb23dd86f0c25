import { failure, runGit } from "./command.ts";
import type { Clone } from "./clone.ts";
import { offline } from "./environment.ts";
import { GitError } from "./error.ts";

/** The commit that a work tree is at. */
export interface Head {
  /** All hex digits. */
  readonly commit: string;
  /** In hex, the first parent first; those too that a shallow clone does not have. */
  readonly parents: readonly string[];
}

/** Reads the commit that is checked out. Rejects with `GitError("failed")` when there is none yet. */
export async function readHead(clone: Clone): Promise<Head> {
  const reader: Clone = { ...clone, env: offline({ ...clone.env }) };
  const found = await runGit(reader, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  const commit = found.stdout.trim();
  if (found.exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new GitError("failed", `${clone.dir} has no commit yet: commit first`);
  }
  // Where a shallow clone ends, rev-list tells of no parents; the commit itself does.
  const content = await runGit(reader, ["cat-file", "commit", commit]);
  if (content.exitCode !== 0) throw failure(reader, "cat-file", content);
  const header = content.stdout.split("\n\n", 1)[0] ?? "";
  const parents = [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, id = ""]) => id);
  return { commit, parents };
}
