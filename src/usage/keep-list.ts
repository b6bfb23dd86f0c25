import { isTag } from "../oci/reference.ts";

/** A line of a keep list that is no tag. */
export class KeepListError extends Error {
  override readonly name = "KeepListError";
}

/**
 * Reads a keep list: one tag a line; blank lines and lines that begin with `#` do not count. Throws `KeepListError`
 * naming the first line that is no tag.
 *
 * @param file Its name, for messages.
 */
export function parseKeepList(text: string, file: string): ReadonlySet<string> {
  const tags = new Set<string>();
  for (const [place, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (!isTag(line)) throw new KeepListError(`${file}:${place + 1}: "${line}" is not a tag`);
    tags.add(line);
  }
  return tags;
}
