/** A file that is no plan this version can read. */
export class PlanFileError extends Error {
  override readonly name = "PlanFileError";
  readonly code: "unreadable" | "unknown-schema";

  constructor(code: "unreadable" | "unknown-schema", message: string) {
    super(message);
    this.code = code;
  }
}
