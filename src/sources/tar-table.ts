import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";

import { extract } from "tar-stream";
import type { Header } from "tar-stream";

import type { BlobFile } from "./content.ts";
import { readRange } from "./range.ts";
import { SourceError } from "./source.ts";

/** The files of a tar archive, each readable at any place. */
export interface TarTable {
  /** A file by its path in the archive, links followed; `undefined` when there is none. */
  find(path: string): BlobFile | undefined;
}

type Entry =
  | { readonly kind: "file"; readonly start: number; readonly size: number }
  | { readonly kind: "link"; readonly to: string };

/** Bytes of a header. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
const BLOCK = 512;

/** Most entries of an archive. */
const MAX_ENTRIES = 100_000;

/** Longest path in an archive, in characters. */
const MAX_PATH = 4096;

/** Most links that lead to one file. */
const MAX_LINKS = 8;

/**
 * Reads where the files of an archive begin; what they hold is not kept. Of several entries with one path the last counts,
 * as for whoever unpacks the archive. A path or a link that leads out of the archive is refused, and so is what is neither
 * file, directory nor link.
 */
export async function readTarTable(archive: FileHandle, signal: AbortSignal): Promise<TarTable> {
  const entries = new Map<string, Entry>();
  const reader = extract();
  reader.on("entry", (header, body, next) => {
    const failure = attempt(() => add(entries, header, body.offset + BLOCK));
    if (failure !== undefined) {
      next(failure);
      return;
    }
    body.on("end", () => next());
    // An archive that is cut short fails the reader too.
    body.on("error", () => undefined);
    body.resume();
  });
  try {
    await pipeline(readRange(archive, { start: 0, signal }), reader);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceError) throw error;
    throw new SourceError("is no tar archive, or is cut short", { cause: error });
  }
  return { find: (path) => find(entries, archive, path) };
}

/** The stream of an archive cannot be thrown at. */
function attempt(action: () => void): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @param start Where the content of the entry begins. */
function add(entries: Map<string, Entry>, header: Header, start: number): void {
  if (entries.size >= MAX_ENTRIES) throw new SourceError(`has more than ${MAX_ENTRIES} entries`);
  const path = insidePath(header.name, "");
  switch (header.type) {
    case "file":
    case "contiguous-file":
      entries.set(path, { kind: "file", start, size: header.size });
      return;
    case "symlink":
      entries.set(path, {
        kind: "link",
        to: insidePath(header.linkname, posix.dirname(path)),
      });
      return;
    case "link":
      entries.set(path, { kind: "link", to: insidePath(header.linkname, "") });
      return;
    case "directory":
      return;
    default:
      throw new SourceError(`has an entry that is no file: ${path} (${header.type})`);
  }
}

/** A path within the archive, seen from a directory of it. */
function insidePath(path: string, directory: string): string {
  const joined = posix.normalize(posix.join(directory, path)).replace(/\/$/, "");
  const leaves = posix.isAbsolute(path) || joined === ".." || joined.startsWith("../");
  if (leaves || path.length > MAX_PATH || path.includes("\0")) {
    throw new SourceError(`has a path that leads out of it: ${JSON.stringify(path.slice(0, 200))}`);
  }
  return joined;
}

function find(
  entries: ReadonlyMap<string, Entry>,
  archive: FileHandle,
  path: string,
): BlobFile | undefined {
  let entry = entries.get(insidePath(path, ""));
  for (let links = 0; entry?.kind === "link"; links += 1) {
    if (links === MAX_LINKS) throw new SourceError(`has links that lead to each other: ${path}`);
    entry = entries.get(entry.to);
  }
  if (entry === undefined) return undefined;
  const { start, size } = entry;
  return {
    size,
    open: (from, signal) => readRange(archive, { start: start + from, end: start + size, signal }),
  };
}
