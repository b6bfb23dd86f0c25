import { hasDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { sniffMediaType } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { SourceError } from "./source.ts";

/** Where the manifests and blobs of a source lie. */
export interface Content {
  /**
   * A manifest, its bytes verified; `undefined` when it is not there.
   *
   * @param mediaType What named it said it is; absent: its own fields tell.
   */
  readManifest(digest: Digest, mediaType?: string): Promise<ManifestBody | undefined>;
  /** A small blob, its bytes verified. */
  readConfig(digest: Digest): Promise<Uint8Array>;
  /** The bytes of a blob from an offset on, not verified. */
  openBlob(digest: Digest, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Finds a blob's file: its bytes from an offset on, or `undefined` when it is not there. */
export type FindBlob = (digest: Digest) => Promise<BlobFile | undefined>;

export interface BlobFile {
  /** Bytes. */
  readonly size: number;
  open(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Most bytes of a manifest. The OCI distribution-spec asks registries to take this much, and few take more. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Most bytes of a config. Other tools read no more either. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Content that lies in files by digest. */
export function fileContent(find: FindBlob, signal: AbortSignal): Content {
  return {
    async readManifest(digest, mediaType) {
      const file = await find(digest);
      if (file === undefined) return undefined;
      const bytes = await readVerified(file, digest, MAX_MANIFEST_BYTES);
      const type = sniffMediaType(bytes, mediaType);
      if (type === undefined) throw new SourceError(`${digest} is no manifest`);
      return { mediaType: type, digest, bytes };
    },
    async readConfig(digest) {
      return await readVerified(await found(digest), digest, MAX_CONFIG_BYTES);
    },
    async *openBlob(digest, from, reading) {
      yield* (await found(digest)).open(from, reading);
    },
  };

  async function found(digest: Digest): Promise<BlobFile> {
    const file = await find(digest);
    if (file === undefined) throw new SourceError(`the blob ${digest} is not there`);
    return file;
  }

  async function readVerified(file: BlobFile, digest: Digest, limit: number): Promise<Uint8Array> {
    const bytes = await readWhole(file, { limit, what: digest, signal });
    if (!hasDigest(bytes, digest)) {
      throw new SourceError(`${digest} is damaged: its bytes do not hash to this digest`);
    }
    return bytes;
  }
}

/** The whole of a small file. Throws `SourceError` when it is larger than `limit` bytes. */
export async function readWhole(
  file: BlobFile,
  {
    limit,
    what,
    signal,
  }: { readonly limit: number; readonly what: string; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  if (file.size > limit) throw new SourceError(`${what} is larger than ${limit} bytes`);
  return await gather(file.open(0, signal), limit, what);
}

/** The bytes of a stream. Throws `SourceError` when there are more than `limit`. */
export async function gather(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  what: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new SourceError(`${what} is larger than ${limit} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
