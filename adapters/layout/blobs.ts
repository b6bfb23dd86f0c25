import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { splitDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { blobPath } from "./directory.ts";
import type { GetBlobOptions } from "../../src/registry/registry.ts";
import type { Paths } from "./directory.ts";
import type { StoredBlobs } from "../../src/layout/stored-blobs.ts";
import { fillTemporary, syncDirectory } from "../../src/layout/durable.ts";
import { systemCode } from "../../src/layout/errors.ts";
import { damaged } from "./errors.ts";

const CHUNK_BYTES = 64 * 1024;

/** The blobs of one directory. */
export function directoryBlobs(paths: Paths): StoredBlobs {
  return {
    who: "layout",
    has: (digest) => isBlobThere(paths, digest),
    readSmall: (digest, limit) =>
      withOptional(blobPath(paths, digest), async (file) =>
        (await file.stat()).size > limit ? undefined : await file.readFile(),
      ),
    readStart: (digest, length) =>
      withOptional(blobPath(paths, digest), async (file) => {
        const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, 0);
        return buffer.subarray(0, bytesRead);
      }),
    writtenAt: (digest) =>
      withOptional(blobPath(paths, digest), async (file) =>
        Math.floor((await file.stat()).mtimeMs),
      ),
    wrongBytes: (digest) => wrongBytes(blobPath(paths, digest)),
  };
}

/** Answers `undefined` where there is no file. */
async function withOptional<T>(
  path: string,
  action: (file: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  const file = await openOptional(path);
  if (file === undefined) return undefined;
  try {
    return await action(file);
  } finally {
    await file.close();
  }
}

export async function isBlobThere(paths: Paths, digest: Digest): Promise<boolean> {
  try {
    return (await stat(blobPath(paths, digest))).isFile();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/**
 * `undefined` when the blob is not there. The stream errors with `protocol` when the bytes do not hash; those from an
 * offset on are not looked at.
 */
export async function openBlob(
  paths: Paths,
  digest: Digest,
  { signal, from = 0 }: GetBlobOptions,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const path = blobPath(paths, digest);
  const file = await openOptional(path);
  if (file === undefined) return undefined;
  const [algorithm, hex] = splitDigest(digest);
  const hash = createHash(algorithm);
  let position = from;

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          signal?.throwIfAborted();
          const { bytesRead, buffer } = await file.read(
            new Uint8Array(CHUNK_BYTES),
            0,
            CHUNK_BYTES,
            position,
          );
          position += bytesRead;
          if (bytesRead > 0) {
            const chunk = buffer.subarray(0, bytesRead);
            hash.update(chunk);
            return controller.enqueue(chunk);
          }
          if (from === 0 && hash.digest("hex") !== hex) throw wrongBytes(path);
          await file.close();
          controller.close();
        } catch (error) {
          await file.close();
          throw error;
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}

export interface Upload {
  readonly blob: Pick<Descriptor, "digest" | "size">;
  readonly content: AsyncIterable<Uint8Array>;
  readonly temporary: string;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

/**
 * Writes content into a temporary file. Throws `invalid`, and leaves no file, when it is not exactly the
 * blob announced.
 */
export async function receiveBlob(upload: Upload): Promise<void> {
  const { blob, content, temporary, now, signal } = upload;
  const [algorithm, hex] = splitDigest(blob.digest);
  const hash = createHash(algorithm);
  let size = 0;
  await fillTemporary(temporary, async (file) => {
    for await (const chunk of content) {
      signal?.throwIfAborted();
      size += chunk.length;
      if (size > blob.size)
        throw refused(blob, `it has more than ${blob.size} bytes`, "SIZE_INVALID");
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    signal?.throwIfAborted();
    if (size !== blob.size) {
      throw refused(blob, `it has ${size} bytes, not ${blob.size}`, "SIZE_INVALID");
    }
    if (hash.digest("hex") !== hex)
      throw refused(blob, "its bytes do not hash to it", "DIGEST_INVALID");
    await file.utimes(now, now);
    await file.sync();
  });
}

/**
 * Puts a received file into its place; only under the lock, so that no garbage collection that saw the old
 * file takes the new one.
 */
export async function placeBlob(paths: Paths, digest: Digest, temporary: string): Promise<void> {
  const path = blobPath(paths, digest);
  try {
    // A layout another tool made may have no directory for this algorithm yet.
    if ((await mkdir(dirname(path), { recursive: true })) !== undefined) {
      await syncDirectory(paths.blobs);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

export function wrongBytes(path: string): RegistryError {
  return damaged(
    path,
    "its bytes do not hash to its name",
    "restore the file from a backup, or delete the image that needs it and push it again",
  );
}

export async function openOptional(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function refused(
  { digest }: Pick<Descriptor, "digest">,
  why: string,
  registryCode: string,
): RegistryError {
  return new RegistryError("invalid", `layout: cannot store blob ${digest}: ${why}`, {
    registryCode,
  });
}
