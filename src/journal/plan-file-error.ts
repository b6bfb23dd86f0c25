/** A file that is no plan this version can read, or that a plan cannot be written to. */
export class PlanFileError extends Error {
  override readonly name = "PlanFileError";
  readonly code: "unreadable" | "unknown-schema" | "unwritable";

  constructor(code: PlanFileError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
