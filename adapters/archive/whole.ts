import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

import { isDigest, splitDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { readRange } from "../../src/tar/range.ts";
import type { TarEntry } from "../../src/tar/walk.ts";

/** The digest that an entry of an archive is named by; `undefined` for one that is no blob. */
export function digestIn({ path, kind }: TarEntry): Digest | undefined {
  const [, algorithm, hex] = /^(?:\.\/)?blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(path) ?? [];
  const text = `${algorithm}:${hex}`;
  return kind === "file" && isDigest(text) ? text : undefined;
}

/**
 * Whether an entry is what its path says: the bytes of a blob are read for that, because after a failure of power a name
 * may be on the disk and its bytes not.
 */
export async function isWhole(
  file: FileHandle,
  entry: TarEntry,
  signal: AbortSignal,
): Promise<boolean> {
  const digest = digestIn(entry);
  if (digest === undefined) return true;
  const [algorithm, hex] = splitDigest(digest);
  const hash = createHash(algorithm);
  const { start, size } = entry;
  for await (const chunk of readRange(file, { start, end: start + size, signal })) {
    hash.update(chunk);
  }
  return hash.digest("hex") === hex;
}
