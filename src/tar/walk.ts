import type { FileHandle } from "node:fs/promises";

import { TarError } from "./error.ts";
import { BLOCK, decodeHeader, filledUp } from "./header.ts";
import type { Header, HeaderKind } from "./header.ts";

/** An entry of an archive, and where it lies in the file. */
export interface TarEntry extends Header {
  readonly kind: Exclude<HeaderKind, "extension" | "global" | "long-path" | "long-target">;
  /** First byte of its first header. */
  readonly offset: number;
  /** First byte of its content. */
  readonly start: number;
  /** First byte behind it. */
  readonly end: number;
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Where the first header is; default 0. */
  readonly from?: number;
}

/** Most bytes of what is said of an entry outside of its header. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

/** Bytes read at once: small contents lie between their headers, so one reading finds several. */
const WINDOW = 64 * 1024;

/** What the next entry was said to be before its own header. */
interface Extension {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
}

/**
 * The entries of an archive, in their order; contents are skipped, not read. Ends at a block of zeros, or where the file
 * ends behind an entry. Throws `TarError` when an entry is damaged or cut short.
 */
export async function* walkTar(
  file: FileHandle,
  { signal, from = 0 }: WalkOptions,
): AsyncGenerator<TarEntry> {
  const { size: length } = await file.stat();
  const read = createWindow(file, length);
  let offset = from;
  let position = from;
  let global: Extension = {};
  let next: Extension = {};
  while (position < length) {
    signal.throwIfAborted();
    const header = decodeHeader(await read(position, BLOCK));
    if (header === undefined) return;
    const start = position + BLOCK;
    const { kind } = header;
    if (
      kind === "extension" ||
      kind === "global" ||
      kind === "long-path" ||
      kind === "long-target"
    ) {
      if (header.size > MAX_EXTENSION_BYTES)
        throw new TarError("is damaged: it has a header that is too large");
      const body = await read(start, header.size);
      if (kind === "global") global = { ...global, ...readRecords(body) };
      else next = { ...next, ...readExtension(kind, body) };
      position = start + filledUp(header.size);
      continue;
    }
    const said = { ...global, ...next };
    const size = sizeOf(kind, said.size ?? header.size);
    const end = start + filledUp(size);
    if (start + size > length) throw new TarError("is cut short");
    const { path, target } = { ...header, ...said };
    yield { ...header, kind, path, target, size, offset, start, end };
    position = end;
    offset = end;
    next = {};
  }
}

/** Links and directories have no content, whatever their size says. */
function sizeOf(kind: TarEntry["kind"], size: number): number {
  return kind === "file" || kind === "other" ? size : 0;
}

function readExtension(kind: "extension" | "long-path" | "long-target", body: Buffer): Extension {
  if (kind === "extension") return readRecords(body);
  const end = body.indexOf(0);
  const text = body.toString("utf8", 0, end === -1 ? body.length : end);
  return kind === "long-path" ? { path: text } : { target: text };
}

/** Records of pax: `LENGTH KEY=VALUE\n`. Source: POSIX.1-2017, pax, "pax Extended Header". */
function readRecords(body: Buffer): Extension {
  const values = new Map<string, string>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, space));
    if (space === -1 || !Number.isInteger(length) || length <= space - at) break;
    const record = body.toString("utf8", space + 1, at + length).replace(/\n$/, "");
    const equals = record.indexOf("=");
    if (equals > 0) values.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  const [path, target, size] = ["path", "linkpath", "size"].map((key) => values.get(key));
  return {
    ...(path === undefined ? {} : { path }),
    ...(target === undefined ? {} : { target }),
    ...(size === undefined ? {} : { size: parseSize(size) }),
  };
}

function parseSize(text: string): number {
  const size = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(size)) return size;
  throw new TarError("is damaged: an entry has an impossible size");
}

/** Reads any part of a file, small ones that lie close together at once. Throws `TarError` where the file ends before. */
function createWindow(
  file: FileHandle,
  fileLength: number,
): (position: number, length: number) => Promise<Buffer> {
  let start = 0;
  let held = Buffer.alloc(0);
  return async (position, length) => {
    if (position < start || position + length > start + held.length) {
      if (position + length > fileLength) throw new TarError("is cut short");
      const wanted = Math.min(Math.max(length, WINDOW), fileLength - position);
      const buffer = Buffer.alloc(wanted);
      const { bytesRead } = await file.read(buffer, 0, wanted, position);
      start = position;
      held = buffer.subarray(0, bytesRead);
      if (bytesRead < length) throw new TarError("is cut short");
    }
    return held.subarray(position - start, position - start + length);
  };
}
