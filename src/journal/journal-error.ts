/**
 * A journal that cannot be written, and nothing is deleted that is not in it; or one that cannot be read. One line that
 * names it.
 */
export class JournalError extends Error {
  override readonly name = "JournalError";
}
