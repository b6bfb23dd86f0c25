/** A journal that cannot be written; nothing is deleted that is not in it. */
export class JournalError extends Error {
  override readonly name = "JournalError";
}
