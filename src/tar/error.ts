/** Why an archive cannot be read, as what stands behind its name in a sentence: `is cut short`. */
export class TarError extends Error {
  override readonly name = "TarError";
}
