import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { Repository } from "../oci/reference.ts";

/** An image, or one for each of several platforms, wherever it lies. */
export interface Source extends AsyncDisposable {
  /** As the user wrote it. */
  readonly address: string;
  /** At least one; more than one only where there is an index. In the order of the index. */
  readonly images: readonly SourceImage[];
  /** The index that names the images; absent for a single image, also where an index names no other. */
  readonly index?: SourceIndex;
  /** The repository that its blobs can be mounted from; absent for archives. */
  readonly repository?: Repository;
  /**
   * The bytes of a blob from an offset on. They are not verified: whoever stores them does that. Rejects with
   * `SourceError` when the blob is not there.
   */
  openBlob(digest: Digest, from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** An image of one platform. */
export interface SourceImage {
  /**
   * `os/architecture[/variant]` as `formatPlatform` writes it and `parsePlatform` reads it; each image of a source has
   * another.
   */
  readonly platform: string;
  /** As it lies there; made up for an archive of `docker save` that has none. */
  readonly manifest: ManifestBody;
  readonly config: Descriptor;
  /** The bytes of the configuration, a JSON object; they hash to `config.digest`. */
  readonly configBytes: Uint8Array;
  /**
   * From the lowest up. `size` in bytes. One that may not be distributed (`isForeignLayer`) may be nowhere in the source:
   * its manifest says where it is.
   */
  readonly layers: readonly Descriptor[];
}

export interface SourceIndex {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Bytes of the whole index, as it lies there. */
  readonly bytes: Uint8Array;
}

/** What is wrong with a source: where, what, what to do. A mistake of the user, or a broken file. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}
