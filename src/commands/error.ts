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
 * - `unreadable`, `unknown-schema`: no plan this version can read (exit code 2)
 * - `wrong-repository`, `too-old`, `outdated`: made for something else, or more is needed by now (exit code 4)
 */
export type PlanErrorCode =
  | "unreadable"
  | "unknown-schema"
  | "wrong-repository"
  | "too-old"
  | "outdated";

export class PlanError extends Error {
  override readonly name = "PlanError";
  readonly code: PlanErrorCode;

  constructor(code: PlanErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
