import { failure, runGit } from "./command.ts";
import type { Clone } from "./clone.ts";
import { offline } from "./environment.ts";

/**
 * Whether a commit is an ancestor of what is checked out, or that itself. A commit that the clone does not have is none,
 * as far as anybody can tell here.
 *
 * @param commit Hex digits, all of them.
 */
export async function isAncestorOfHead(clone: Clone, commit: string): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false;
  const reader: Clone = { ...clone, env: offline({ ...clone.env }) };
  const known = await runGit(reader, ["cat-file", "-e", `${commit}^{commit}`]);
  if (known.exitCode !== 0) return false;
  const outcome = await runGit(reader, ["merge-base", "--is-ancestor", commit, "HEAD"]);
  // 1 means that it is none.
  if (outcome.exitCode === 0 || outcome.exitCode === 1) return outcome.exitCode === 0;
  throw failure(reader, "merge-base", outcome);
}
