import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";

import { TarError } from "./error.ts";
import { readRange } from "./range.ts";
import { walkTar } from "./walk.ts";
import type { TarEntry } from "./walk.ts";

/** The files of a tar archive, each readable at any place. */
export interface TarTable {
  /** A file by its path in the archive, links followed; `undefined` when there is none. */
  find(path: string): TarFile | undefined;
}

export interface TarFile {
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  open(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface TableOptions {
  readonly signal: AbortSignal;
  /** Most entries of an archive; absent: 100 000. */
  readonly maxEntries?: number;
}

type Place =
  | {
      readonly kind: "file";
      readonly start: number;
      readonly size: number;
      readonly modified: number;
    }
  | { readonly kind: "link"; readonly to: string };

const MAX_ENTRIES = 100_000;

/** Longest path in an archive, in characters. */
const MAX_PATH = 4096;

/** Most links that lead to one file. */
const MAX_LINKS = 8;

/**
 * Reads where the files of an archive begin; what they hold is not read. Of several entries with one path the last counts,
 * as for whoever unpacks the archive. A path or a link that leads out of the archive is refused, and so is what is neither
 * file, directory nor link: `TarError`.
 */
export async function readTarTable(
  archive: FileHandle,
  { signal, maxEntries = MAX_ENTRIES }: TableOptions,
): Promise<TarTable> {
  const places = new Map<string, Place>();
  let count = 0;
  for await (const entry of walkTar(archive, { signal })) {
    count += 1;
    if (count > maxEntries) throw new TarError(`has more than ${maxEntries} entries`);
    const path = insidePath(entry.path, "");
    const place = placeOf(entry, path);
    if (place !== undefined) places.set(path, place);
  }
  return { find: (path) => find(places, archive, path) };
}

/** `undefined` for a directory. */
function placeOf(
  { kind, start, size, modified, target }: TarEntry,
  path: string,
): Place | undefined {
  switch (kind) {
    case "file":
      return { kind, start, size, modified };
    case "symbolic-link":
      return { kind: "link", to: insidePath(target, posix.dirname(path)) };
    case "hard-link":
      return { kind: "link", to: insidePath(target, "") };
    case "directory":
      return undefined;
    case "other":
      throw new TarError(`has an entry that is no file: ${path}`);
  }
}

/** A path within the archive, seen from a directory of it. */
function insidePath(path: string, directory: string): string {
  const joined = posix.normalize(posix.join(directory, path)).replace(/\/$/, "");
  const leaves = posix.isAbsolute(path) || joined === ".." || joined.startsWith("../");
  if (leaves || path.length > MAX_PATH || path.includes("\0")) {
    throw new TarError(`has a path that leads out of it: ${JSON.stringify(path.slice(0, 200))}`);
  }
  return joined;
}

function find(
  places: ReadonlyMap<string, Place>,
  archive: FileHandle,
  path: string,
): TarFile | undefined {
  let place = places.get(insidePath(path, ""));
  for (let links = 0; place?.kind === "link"; links += 1) {
    if (links === MAX_LINKS) throw new TarError(`has links that lead to each other: ${path}`);
    place = places.get(place.to);
  }
  if (place === undefined) return undefined;
  const { start, size, modified } = place;
  return {
    size,
    modified,
    open: (from, signal) => readRange(archive, { start: start + from, end: start + size, signal }),
  };
}
