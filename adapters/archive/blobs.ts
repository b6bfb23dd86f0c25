import { createHash } from "node:crypto";

import type { StoredBlobs } from "../../src/layout/stored-blobs.ts";
import { splitDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { GetBlobOptions } from "../../src/registry/registry.ts";
import type { TarFile } from "../../src/tar/table.ts";
import type { WriteNext } from "../../src/tar/writer.ts";
import { WHO, damaged } from "./errors.ts";

/** Most bytes that are read into memory at once. No manifest is larger; what is must be a layer. */
const MAX_SMALL_BYTES = 32 * 1024 * 1024;

const NEVER = new AbortController().signal;

/** The blobs of the archive at `path`. */
export function archiveBlobs(
  path: string,
  find: (digest: Digest) => Promise<TarFile | undefined>,
): StoredBlobs {
  return {
    who: WHO,
    has: async (digest) => (await find(digest)) !== undefined,
    async readSmall(digest, limit) {
      const file = await find(digest);
      if (file === undefined || file.size > Math.min(limit, MAX_SMALL_BYTES)) return undefined;
      return Buffer.concat(await Array.fromAsync(file.open(0, NEVER)));
    },
    async readStart(digest, length) {
      const file = await find(digest);
      if (file === undefined) return undefined;
      for await (const chunk of file.open(0, NEVER)) return chunk.subarray(0, length);
      return new Uint8Array();
    },
    async writtenAt(digest) {
      const file = await find(digest);
      return file === undefined ? undefined : file.modified * 1000;
    },
    wrongBytes: (digest) => wrongBytes(path, digest),
  };
}

/** The bytes of a blob; errors with `protocol` at its end when they do not hash. Those from an offset on are not looked at. */
export async function* readBlob(
  path: string,
  { digest, file }: { readonly digest: Digest; readonly file: TarFile },
  { signal = NEVER, from = 0 }: GetBlobOptions,
): AsyncGenerator<Uint8Array> {
  const [algorithm, hex] = splitDigest(digest);
  const hash = createHash(algorithm);
  for await (const chunk of file.open(from, signal)) {
    hash.update(chunk);
    yield chunk;
  }
  if (from === 0 && hash.digest("hex") !== hex) throw wrongBytes(path, digest);
}

/** Passes content on. Throws `invalid` when it is not exactly the blob announced. */
export async function receiveBlob(
  blob: Pick<Descriptor, "digest" | "size">,
  content: AsyncIterable<Uint8Array>,
  { write, signal }: { readonly write: WriteNext; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const [algorithm, hex] = splitDigest(blob.digest);
  const hash = createHash(algorithm);
  let size = 0;
  for await (const chunk of content) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (size > blob.size)
      throw refused(blob, `it has more than ${blob.size} bytes`, "SIZE_INVALID");
    hash.update(chunk);
    await write(chunk);
  }
  signal?.throwIfAborted();
  if (size !== blob.size) {
    throw refused(blob, `it has ${size} bytes, not ${blob.size}`, "SIZE_INVALID");
  }
  if (hash.digest("hex") !== hex) {
    throw refused(blob, "its bytes do not hash to it", "DIGEST_INVALID");
  }
}

function wrongBytes(path: string, digest: Digest): RegistryError {
  return damaged(path, `the bytes of ${digest} do not hash to it`);
}

function refused(
  { digest }: Pick<Descriptor, "digest">,
  why: string,
  registryCode: string,
): RegistryError {
  return new RegistryError("invalid", `archive: cannot store blob ${digest}: ${why}`, {
    registryCode,
  });
}
