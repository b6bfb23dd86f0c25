import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Source } from "../../sources/source.ts";
import { createMounting } from "./mounting.ts";
import { createSlots } from "./slots.ts";

/** Stores the blobs of images in one repository, each once for the whole run, however many images have it. */
export interface Uploader {
  /**
   * Resolves when all of them are there. Rejects with the first failure: what has begun is waited for, nothing more
   * begins. A blob that another call failed to store is tried again with this call's origin.
   */
  uploadBlobs(blobs: readonly UploadBlob[], origin: BlobOrigin): Promise<void>;
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
  /** Most blobs at a time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/**
 * Bytes are sent only where nothing else helps: the origin's own repository is asked for a mount first, then the
 * repository itself whether it has the blob, then its neighbours for a mount.
 */
export function createUploader(deps: UploaderDeps): Uploader {
  const { registry, repository, signal } = deps;
  const slots = createSlots(deps.parallel);
  const mounting = createMounting(deps);
  const stored = new Map<Digest, Promise<void>>();
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
    const ours = slots(async () => {
      signal.throwIfAborted();
      if (failures.length > 0) throw failures[0];
      try {
        await store(blob, origin);
      } catch (error) {
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
    const { digest, size, bytes } = blob;
    if (blob.isNew !== true && (await isThere(blob, origin))) return;
    const content = {
      open: (from: number) =>
        bytes === undefined ? origin.openBlob(digest, from, signal) : once(bytes.subarray(from)),
    };
    await registry.putBlob(repository, { digest, size }, content, { signal, isAbsent: true });
    counts.uploaded += 1;
    counts.uploadedBytes += size;
  }

  /** Whether the blob is there already, or can be had without its bytes. */
  async function isThere({ digest }: UploadBlob, origin: BlobOrigin): Promise<boolean> {
    if (await mounting.fromOrigin(digest, origin.repository)) {
      counts.mounted += 1;
      return true;
    }
    if (await registry.hasBlob(repository, digest, { signal })) {
      counts.present += 1;
      return true;
    }
    if (!(await mounting.fromNeighbours(digest))) return false;
    counts.mounted += 1;
    return true;
  }
}

async function isFulfilled(promise: Promise<void>): Promise<boolean> {
  const [{ status }] = await Promise.allSettled([promise]);
  return status === "fulfilled";
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
