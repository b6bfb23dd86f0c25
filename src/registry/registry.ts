import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { DigestReference, Reference, Repository } from "../oci/reference.ts";
import type { Capabilities } from "./capabilities.ts";
import type { RegistryError } from "./error.ts";

/**
 * One registry, seen through its adapter.
 *
 * Methods a registry cannot serve reject with `RegistryError("unsupported")` before any request is
 * sent; `capabilities` tells beforehand. Every other failure is a `RegistryError` too, or the reason of
 * an aborted signal.
 */
export interface Registry extends AsyncDisposable {
  readonly host: string;
  readonly capabilities: Capabilities;

  /**
   * The capabilities with every `probe` replaced by what this server does, found out once.
   *
   * Changes nothing on the server. A question the server does not answer clearly is answered with the
   * careful side (`none`, `fallback-tag`).
   */
  learn(repository: Repository, options?: CallOptions): Promise<Capabilities>;

  /**
   * Yields every tag, in the registry's own order; nothing is promised about that order. Yields each tag
   * once. A repository the registry does not know has no tags; a directory that is not there rejects with
   * `not-found`. A listing that is visibly cut (a page that
   * repeats, a full page without a next link that has a next page, broken JSON) rejects with `protocol`.
   */
  listTags(repository: Repository, options?: CallOptions): AsyncIterable<TagEntry>;

  /** The descriptor a reference points at, or `undefined` when it points at nothing. */
  resolve(reference: Reference, options?: CallOptions): Promise<Descriptor | undefined>;

  /**
   * The manifest a reference points at; its bytes hash to its digest. Rejects with `not-found` when it
   * points at nothing, with `protocol` when the bytes do not hash to the digest asked for or announced.
   */
  getManifest(reference: Reference, options?: CallOptions): Promise<ManifestBody>;

  /** Stores the bytes under the reference. By digest, nothing is tagged. Answers what is stored now. */
  putManifest(
    reference: Reference,
    body: Pick<ManifestBody, "mediaType" | "bytes">,
    options?: CallOptions,
  ): Promise<Descriptor>;

  hasBlob(repository: Repository, digest: Digest, options?: CallOptions): Promise<boolean>;

  /** The blob's bytes; the stream errors with `protocol` at its end when they do not hash to `digest`. */
  getBlob(
    repository: Repository,
    digest: Digest,
    options?: CallOptions,
  ): Promise<ReadableStream<Uint8Array>>;

  /**
   * Stores a blob. `content` must yield exactly `blob.size` bytes that hash to `blob.digest`; else it
   * rejects with `invalid` and nothing is stored.
   */
  putBlob(
    repository: Repository,
    blob: Pick<Descriptor, "digest" | "size">,
    content: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<void>;

  /** Manifests whose `subject` is this digest: the referrers endpoint, else the fallback tag's index. */
  listReferrers(subject: DigestReference, options?: CallOptions): AsyncIterable<Descriptor>;

  /**
   * Removes tags while their manifests and sibling tags stay. Settles every tag; one failure does not stop
   * the others. A tag that is already gone counts as `deleted`.
   */
  deleteTags(
    repository: Repository,
    tags: readonly string[],
    options?: CallOptions,
  ): AsyncIterable<TagOutcome>;

  /**
   * Removes manifests together with every tag on them. Settles every digest; one failure does not stop the
   * others. A manifest that is already gone counts as `deleted`.
   */
  deleteManifests(
    repository: Repository,
    digests: readonly Digest[],
    options?: CallOptions,
  ): AsyncIterable<DeletionOutcome>;

  /** Removes blobs that nothing refers to and that are older than `graceMs`. Answers what that freed. */
  collectGarbage(
    repository: Repository,
    options: CallOptions & { readonly graceMs: number },
  ): Promise<Garbage>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface TagEntry {
  readonly tag: string;
  /** Absent where the listing has names only. */
  readonly digest?: Digest;
  /** Absent where the listing does not tell. */
  readonly mediaType?: string;
  /** Bytes of the manifest. Absent where the listing does not tell. */
  readonly size?: number;
  /** Milliseconds since the epoch: the last push. Absent where the listing has no times. */
  readonly pushedAt?: number;
}

export type TagOutcome =
  | { readonly tag: string; readonly status: "deleted" }
  | { readonly tag: string; readonly status: "failed"; readonly error: RegistryError };

export type DeletionOutcome =
  | { readonly digest: Digest; readonly status: "deleted" }
  | { readonly digest: Digest; readonly status: "failed"; readonly error: RegistryError };

export interface Garbage {
  readonly blobs: number;
  readonly bytes: number;
}
