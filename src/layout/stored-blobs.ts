import type { Digest } from "../oci/digest.ts";
import type { RegistryError } from "../registry/error.ts";

/** The blobs of an image layout, wherever they lie. */
export interface StoredBlobs {
  /** Who reads them, as errors begin: `layout`. */
  readonly who: string;
  has(digest: Digest): Promise<boolean>;
  /** A blob's bytes, not verified; `undefined` when it is not there or has more than `limit` bytes. */
  readSmall(digest: Digest, limit: number): Promise<Uint8Array | undefined>;
  /** Its first bytes, `length` at most; `undefined` when it is not there. */
  readStart(digest: Digest, length: number): Promise<Uint8Array | undefined>;
  /** When it was written, in milliseconds since the epoch; `undefined` when it is not there. */
  writtenAt(digest: Digest): Promise<number | undefined>;
  /** The error for one whose bytes do not hash to its digest. */
  wrongBytes(digest: Digest): RegistryError;
}
