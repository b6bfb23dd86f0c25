/** Words that were understood but make no sense together, or name what does not exist. One line; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A run that looks like a mistake was stopped before anything was changed. Exit code 4. */
export class GuardError extends Error {
  override readonly name = "GuardError";
  readonly guard: string;

  constructor(guard: string, message: string) {
    super(message);
    this.guard = guard;
  }
}

/**
 * A plan that must not be applied.
 *
 * - `wrong-repository`: made for something else
 * - `too-old`: longer ago than allowed
 * - `outdated`: more is needed by now
 *
 * Exit code 4. A file that is no plan is a `PlanFileError`.
 */
export type PlanErrorCode = "wrong-repository" | "too-old" | "outdated";

export class PlanError extends Error {
  override readonly name = "PlanError";
  readonly code: PlanErrorCode;

  constructor(code: PlanErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a run was about is done, and what goes with it is not. Exit code 1. */
export class UnfinishedError extends Error {
  override readonly name = "UnfinishedError";
}
