/**
 * What went wrong with Git, by what a caller can do about it.
 *
 * - `not-a-repository`: the directory is absent or in no repository
 * - `shallow`: the history ends before its beginning, so nothing may be concluded from it
 * - `no-remote`: the clone has remotes, but not the one that was asked for
 * - `fetch-failed`: the remote cannot be reached, refused, or its references could not be stored
 * - `failed`: Git is missing, refused, or its answer makes no sense
 */
export type GitErrorCode = "not-a-repository" | "shallow" | "no-remote" | "fetch-failed" | "failed";

/** The only error, besides an abort reason, that leaves `src/git`. The message is one line: what, where, what to do. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
  }
}

/** Whether `error` is a `GitError`, of one of `codes` when any are given. */
export function isGitError(error: unknown, ...codes: readonly GitErrorCode[]): error is GitError {
  return error instanceof GitError && (codes.length === 0 || codes.includes(error.code));
}
