import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Source } from "../../sources/source.ts";
import { createMounting } from "./mounting.ts";
import type { Slots } from "./slots.ts";

/** Stores the blobs of images in one repository, each once for the whole run, however many images have it. */
export interface Uploader {
  /**
   * Resolves when all of them are there. Rejects with the first failure: what has begun is waited for, nothing more
   * begins. A blob that another call failed to store is tried again with this call's origin.
   */
  uploadBlobs(blobs: readonly UploadBlob[], origin: BlobOrigin): Promise<void>;
  /** Whether a blob is there, or on its way, as far as is known without looking. */
  knows(digest: Digest): boolean;
  /** Takes them for unknown: the next that has them looks for them. */
  doubt(digests: readonly Digest[]): void;
  counts(): UploadCounts;
}

export interface UploadBlob extends Pick<Descriptor, "digest" | "size"> {
  /** The bytes, of what was made here: a configuration with labels. Absent: the origin has them. */
  readonly bytes?: Uint8Array;
  /** Nobody can have stored it before, so nobody looks. Default: somebody may. */
  readonly isNew?: boolean;
}

/** Where the bytes of blobs come from: a source of images, or a repository. */
export type BlobOrigin = Pick<Source, "openBlob" | "repository">;

/** How the blobs came to be in the repository. */
export interface UploadCounts {
  readonly uploaded: number;
  /** Of those that were uploaded. */
  readonly uploadedBytes: number;
  readonly mounted: number;
  /** Found there. */
  readonly present: number;
}

export interface UploaderDeps {
  readonly registry: Pick<Registry, "hasBlob" | "putBlob" | "mountBlob">;
  readonly repository: Repository;
  /** Repositories that may have the same blobs: those of the run's other roles, in the order to ask them. */
  readonly neighbours: readonly Repository[];
  /** Room for blobs on their way. */
  readonly slots: Slots;
  /** Absent: nothing is known before it was looked for. */
  readonly knowledge?: Knowledge;
  /** How often a blob is tried that failed, by whichever image. Default: by each. */
  readonly maxTries?: number;
  readonly signal: AbortSignal;
}

/** What is known beyond one repository and one run. */
export interface Knowledge {
  /** Whether the repository has nothing that was not brought here: then nobody looks. */
  readonly isFresh: boolean;
  /** Whether a blob surely is in the repository. */
  has(digest: Digest): boolean;
  /** Another repository of the host that surely has it; one that is about to have it is waited for. */
  elsewhere(digest: Digest): Promise<Repository | undefined>;
  /** When it begins to be brought here. `ended` settles when that is over, whatever came of it. */
  begins(digest: Digest, ended: Promise<unknown>): void;
  /** When so many of its bytes have been read. */
  advances(digest: Digest, bytes: number): void;
  /** When it is there. */
  arrives(digest: Digest): void;
}

/**
 * Bytes are sent only where nothing else helps: the origin's own repository is asked for a mount first, then the
 * repository itself whether it has the blob, then its neighbours for a mount.
 */
export function createUploader(deps: UploaderDeps): Uploader {
  const { registry, repository, slots, knowledge, signal, maxTries = Infinity } = deps;
  const mounting = createMounting(deps);
  const stored = new Map<Digest, Promise<void>>();
  const failed = new Map<Digest, { readonly tries: number; readonly error: unknown }>();
  const doubted = new Set<Digest>();
  const counts = { uploaded: 0, uploadedBytes: 0, mounted: 0, present: 0 };

  return {
    async uploadBlobs(blobs, origin) {
      const failures: unknown[] = [];
      await Promise.all(
        blobs.map(async (blob) => {
          try {
            await storeOnce(blob, origin, failures);
          } catch (error) {
            failures.push(error);
          }
        }),
      );
      if (failures.length > 0) throw failures[0];
    },
    knows: (digest) =>
      stored.has(digest) || (knowledge?.has(digest) === true && !doubted.has(digest)),
    doubt(digests) {
      for (const digest of digests) {
        stored.delete(digest);
        doubted.add(digest);
      }
    },
    counts: () => ({ ...counts }),
  };

  async function storeOnce(
    blob: UploadBlob,
    origin: BlobOrigin,
    failures: unknown[],
  ): Promise<void> {
    for (;;) {
      const others = stored.get(blob.digest);
      if (others === undefined) break;
      if (await isFulfilled(others)) return;
      signal.throwIfAborted();
    }
    const before = failed.get(blob.digest);
    if (before !== undefined && before.tries >= maxTries) throw before.error;
    const ours = slots(async () => {
      signal.throwIfAborted();
      if (failures.length > 0) throw failures[0];
      try {
        await store(blob, origin);
      } catch (error) {
        const { tries } = failed.get(blob.digest) ?? { tries: 0 };
        failed.set(blob.digest, { tries: tries + 1, error });
        failures.push(error); // Before anybody else gets the slot.
        throw error;
      }
    });
    stored.set(blob.digest, ours);
    try {
      await ours;
    } catch (error) {
      stored.delete(blob.digest);
      throw error;
    }
  }

  async function store(blob: UploadBlob, origin: BlobOrigin): Promise<void> {
    const storing = bring(blob, origin);
    knowledge?.begins(blob.digest, Promise.allSettled([storing]));
    await storing;
  }

  async function bring(blob: UploadBlob, origin: BlobOrigin): Promise<void> {
    if (blob.isNew === true || !(await isThere(blob, origin))) await send(blob, origin);
    knowledge?.arrives(blob.digest);
  }

  async function send({ digest, size, bytes }: UploadBlob, origin: BlobOrigin): Promise<void> {
    const open = (from: number): AsyncIterable<Uint8Array> =>
      bytes === undefined ? origin.openBlob(digest, from, signal) : once(bytes.subarray(from));
    const content = {
      open: (from: number) =>
        knowledge === undefined ? open(from) : watched(open(from), { digest, from, knowledge }),
    };
    await registry.putBlob(repository, { digest, size }, content, { signal, isAbsent: true });
    counts.uploaded += 1;
    counts.uploadedBytes += size;
  }

  /** Whether the blob is there already, or can be had without its bytes. */
  async function isThere({ digest }: UploadBlob, origin: BlobOrigin): Promise<boolean> {
    if (knowledge?.has(digest) === true && !doubted.has(digest)) return isPresent();
    if (await mounting.fromSure(digest, origin.repository)) return isMounted();
    if (await mounting.fromSure(digest, await knowledge?.elsewhere(digest))) return isMounted();
    const mayBeThere = knowledge?.isFresh !== true || doubted.has(digest);
    if (mayBeThere && (await registry.hasBlob(repository, digest, { signal }))) return isPresent();
    return (await mounting.fromNeighbours(digest)) && isMounted();
  }

  function isPresent(): true {
    counts.present += 1;
    return true;
  }

  function isMounted(): true {
    counts.mounted += 1;
    return true;
  }
}

/** The same bytes; it is told how far they are. */
async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  blob: { readonly digest: Digest; readonly from: number; readonly knowledge: Knowledge },
): AsyncGenerator<Uint8Array> {
  let bytes = blob.from;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    yield chunk;
    blob.knowledge.advances(blob.digest, bytes);
  }
}

async function isFulfilled(promise: Promise<void>): Promise<boolean> {
  const [{ status }] = await Promise.allSettled([promise]);
  return status === "fulfilled";
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
