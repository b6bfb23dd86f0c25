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
  learn(repository: Repository, options?: LearnOptions): Promise<Capabilities>;

  /**
   * Yields every tag, in the registry's own order; nothing is promised about that order. Yields each tag
   * once. A repository the registry does not know has no tags; a directory that is not there rejects with
   * `not-found`. A listing that is visibly cut (a page that
   * repeats, a full page without a next link that has a next page, broken JSON) rejects with `protocol`.
   */
  listTags(repository: Repository, options?: CallOptions): AsyncIterable<TagEntry>;

  /**
   * Yields every manifest, each once, those that no tag names included: children of indexes, referrers, leftovers. A
   * repository the registry does not know has none; a listing that is visibly cut rejects with `protocol`. Rejects with
   * `unsupported` where the record says `untaggedListing: false`.
   */
  listManifests(repository: Repository, options?: CallOptions): AsyncIterable<ManifestEntry>;

  /**
   * Yields every repository at or below a namespace, in no particular order; an empty namespace means the whole host.
   * Rejects with `unsupported` where the record says `repositoryListing: false`.
   */
  listRepositories(namespace: string, options?: CallOptions): AsyncIterable<Repository>;

  /**
   * Sees to it that the first push finds a repository. Where the record says `repositoryCreation: "implicit"` nothing is
   * sent, because that push makes it; one that is there stays as it is.
   */
  createRepository(repository: Repository, options?: CallOptions): Promise<void>;

  /** The descriptor a reference points at, or `undefined` when it points at nothing. */
  resolve(reference: Reference, options?: CallOptions): Promise<Descriptor | undefined>;

  /**
   * The manifest a reference points at; its bytes hash to its digest. Rejects with `not-found` when it
   * points at nothing, with `protocol` when the bytes do not hash to the digest asked for or announced.
   */
  getManifest(reference: Reference, options?: GetManifestOptions): Promise<ManifestBody>;

  /** Stores the bytes under the reference. By digest, nothing is tagged. Answers what is stored now. */
  putManifest(
    reference: Reference,
    body: Pick<ManifestBody, "mediaType" | "bytes">,
    options?: CallOptions,
  ): Promise<Descriptor>;

  hasBlob(repository: Repository, digest: Digest, options?: CallOptions): Promise<boolean>;

  /**
   * The blob's bytes; the stream errors with `protocol` at its end when they do not hash to `digest`. Those from an offset
   * on cannot be checked: whoever stores them does that.
   */
  getBlob(
    repository: Repository,
    digest: Digest,
    options?: GetBlobOptions,
  ): Promise<ReadableStream<Uint8Array>>;

  /**
   * Stores a blob. `content` must yield exactly `blob.size` bytes that hash to `blob.digest`; else it
   * rejects with `invalid` and nothing is stored. Sends no bytes of a blob that is there already.
   *
   * Only a `BlobSource` can be read again: what breaks off is then taken up where it stopped, or begun anew.
   */
  putBlob(
    repository: Repository,
    blob: Pick<Descriptor, "digest" | "size">,
    content: AsyncIterable<Uint8Array> | BlobSource,
    options?: PutBlobOptions,
  ): Promise<void>;

  /**
   * Makes a blob of another repository of the same host one of this repository too, without its bytes passing by.
   *
   * Answers whether it is there now. `false`: `from` lacks it or may not be read, or this registry does not mount; nothing
   * was changed then. Where it can never work (another host, a directory) it answers without a request.
   */
  mountBlob(
    repository: Repository,
    digest: Digest,
    from: Repository,
    options?: CallOptions,
  ): Promise<boolean>;

  /**
   * Has the registry itself copy a manifest from another of its repositories, with its blobs and, of an index, all that is
   * below it, and set `options.tags` on it, wherever they were before. No other tag is set or moved.
   *
   * `copied`: every tag, or without any the digest, was proved to lead to the manifest in `target`. Referrers may come along, and
   * nobody may count on it. `refused`: the registry does not, for want of a right, by a rule of its own, or because it would set
   * other tags too; parts may be there then. Whoever asked copies it by itself, and is told then what is wrong. What stands
   * against all such copies is told once, by a warning, and costs no further request.
   *
   * Rejects with `unsupported` where the record says `serverCopy: false`, else only with the reason of an aborted signal.
   */
  copyFrom(
    target: Repository,
    from: DigestReference,
    options: ServerCopyOptions,
  ): Promise<"copied" | "refused">;

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
   *
   * A registry that removes a manifest through its tags removes those of `options.tags` and no other: where one came
   * since, the manifest stays and the outcome is a `conflict`. Without `options.tags` it removes whatever it finds.
   */
  deleteManifests(
    repository: Repository,
    digests: readonly Digest[],
    options?: DeleteOptions,
  ): AsyncIterable<DeletionOutcome>;

  /**
   * Brings deleted manifests back with their tags, where the registry keeps them for a time. Settles every digest.
   * Rejects with `unsupported` where the record says `undelete: "none"`.
   */
  undelete(
    repository: Repository,
    deleted: readonly DeletedManifest[],
    options?: CallOptions,
  ): AsyncIterable<UndeleteOutcome>;

  /** What the credentials may do, tried without changing anything that lasts. */
  checkRights(repository: Repository, options?: CallOptions): Promise<Rights>;

  /** Removes blobs that nothing refers to and that are older than `graceMs`. Answers what that freed. */
  collectGarbage(
    repository: Repository,
    options: CallOptions & { readonly graceMs: number },
  ): Promise<Garbage>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetManifestOptions extends CallOptions {
  /** The caller is going to ask for it again, by its digest. Where answers are held, so is this one. */
  readonly again?: boolean;
}

export interface GetBlobOptions extends CallOptions {
  /** Offset of the first byte that is wanted, up to the size of the blob. Default: 0. */
  readonly from?: number;
  /** The caller hands it on and has no other use for it: nothing of it is held. */
  readonly passing?: boolean;
}

export interface PutBlobOptions extends CallOptions {
  /** The caller knows that the blob is not there: nobody looks for it first. */
  readonly isAbsent?: boolean;
}

export interface ServerCopyOptions extends CallOptions {
  /** Tags to be set in the target; none: the manifest is stored by its digest alone. */
  readonly tags: readonly string[];
}

/** The bytes of a blob, as often as they are asked for. */
export interface BlobSource {
  /**
   * Everything from an offset on, in bytes.
   *
   * @param from 0 up to the size of the blob.
   */
  open(from: number): AsyncIterable<Uint8Array>;
}

export interface LearnOptions extends CallOptions {
  /** Find out this alone, by reading only; every other `probe` stays. Absent: everything. */
  readonly only?: "referrers";
}

export interface DeleteOptions extends CallOptions {
  /** The tags that the caller knows, and wants gone, on each digest. */
  readonly tags?: ReadonlyMap<Digest, readonly string[]>;
}

export interface DeletedManifest {
  readonly digest: Digest;
  /** Tags that it had. */
  readonly tags: readonly string[];
}

export type UndeleteOutcome =
  | { readonly digest: Digest; readonly status: "restored" }
  | { readonly digest: Digest; readonly status: "failed"; readonly error: RegistryError };

/** What the credentials in use are allowed in one repository. */
export interface Rights {
  /** Whose they are, as the registry spells it. Absent: nobody's in particular, or the registry does not tell. */
  readonly identity?: string;
  /** Reading the list of tags. */
  readonly list: RightState;
  /** Reading manifests and blobs. */
  readonly read: RightState;
  readonly push: RightState;
  readonly delete: RightState;
}

export type RightState =
  | { readonly status: "granted" }
  /** `missing`: the role, scope or action that is lacking, as the registry's own documentation names it. */
  | { readonly status: "refused"; readonly missing: string }
  /** `why`: what kept us from finding out, or that it shows only when it is used. */
  | { readonly status: "unknown"; readonly why: string };

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

export interface ManifestEntry {
  readonly digest: Digest;
  /** Every tag on it; empty when nothing names it but its digest. */
  readonly tags: readonly string[];
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
