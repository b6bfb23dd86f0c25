import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

import { TarError } from "./error.ts";
import { readRange } from "./range.ts";

/** What opening an archive's file needs. */
export interface ArchiveFileDeps {
  readonly tempDir: string;
  readonly signal: AbortSignal;
  /** Most bytes that are written into `tempDir`; absent: 64 GiB. */
  readonly maxUnpackedBytes?: number;
}

const MAX_UNPACKED_BYTES = 64 * 1024 ** 3;

/** How a file begins that is compressed in a way that is not read here. */
const OTHER_COMPRESSIONS: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

const GZIP = [0x1f, 0x8b];

/**
 * Opens an archive so that it can be read at any place. One that is compressed by gzip, or that is no file but a pipe, is
 * first written into a file that has no name any more, so that nothing of it is left, however the run ends. Throws
 * `TarError` for what is no archive.
 */
export async function openArchiveFile(path: string, deps: ArchiveFileDeps): Promise<FileHandle> {
  const kind = await stat(path);
  if (kind.isDirectory()) throw new TarError("is a directory, not an archive; write oci:DIR");
  const file = kind.isFile() ? await open(path) : await spool(createReadStream(path), deps);
  try {
    const start = await readStart(file);
    if (!beginsWith(start, GZIP)) {
      refuseOtherCompression(start);
      return file;
    }
    const unpacked = await spool(unzipped(file, deps.signal), deps);
    await file.close();
    return unpacked;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** How a piece of content is compressed; `none` also for what is unknown. */
export function compressionOf(start: Uint8Array): "none" | "gzip" | "other" {
  if (beginsWith(start, GZIP)) return "gzip";
  return OTHER_COMPRESSIONS.some(([, magic]) => beginsWith(start, magic)) ? "other" : "none";
}

function refuseOtherCompression(start: Uint8Array): void {
  const other = OTHER_COMPRESSIONS.find(([, magic]) => beginsWith(start, magic));
  if (other === undefined) return;
  throw new TarError(`is compressed by ${other[0]}; decompress it first, or use gzip`);
}

async function* unzipped(file: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = pipeline(readRange(file, { start: 0, signal }), gunzip);
  // The reader of `gunzip` sees the same error first.
  feeding.catch(() => undefined);
  try {
    yield* gunzip;
    await feeding;
  } catch (error) {
    signal.throwIfAborted();
    throw new TarError("is compressed by gzip and damaged", { cause: error });
  }
}

async function spool(
  content: AsyncIterable<Uint8Array>,
  { tempDir, signal, maxUnpackedBytes = MAX_UNPACKED_BYTES }: ArchiveFileDeps,
): Promise<FileHandle> {
  const path = join(tempDir, `tidemark-archive-${randomBytes(8).toString("hex")}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    let size = 0;
    for await (const chunk of content) {
      signal.throwIfAborted();
      size += chunk.length;
      if (size > maxUnpackedBytes) {
        throw new TarError(`is larger than ${maxUnpackedBytes} bytes when it is unpacked`);
      }
      await file.writeFile(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readStart(file: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
  return buffer.subarray(0, bytesRead);
}

function beginsWith(start: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => start[at] === byte);
}
