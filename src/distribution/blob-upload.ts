import { formatRepository } from "../oci/reference.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import type { BlobSource } from "../registry/registry.ts";
import { again, holdContent } from "./held-content.ts";
import { createUploadContent } from "./upload-content.ts";
import type { UploadRequests, UploadedBlob } from "./upload-session.ts";
import { createTransfer } from "./upload-transfer.ts";
import { MAX_FAILURES, delayAfter, remedyFor, remedyForContent } from "./upload-remedy.ts";
import type { Remedy } from "./upload-remedy.ts";

export type Upload = (
  blob: UploadedBlob,
  content: AsyncIterable<Uint8Array> | BlobSource,
) => Promise<void>;

export interface UploadParts {
  readonly requests: UploadRequests;
  readonly hasBlob: (blob: UploadedBlob) => Promise<boolean>;
  readonly chunkedUploads: boolean;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Up to here a blob is held in memory, so that its request can be sent again whatever its source is. */
const MAX_HELD_BYTES = 1024 * 1024;

/**
 * Bytes of a chunk, and of a blob that goes up in one request. A part that S3 takes has at least 5 MiB; above some 20 MB
 * registries and proxies refuse requests. Sources: Amazon S3, "Multipart upload limits"; goharbor/harbor#23015.
 */
const CHUNK_BYTES = 10 * 1024 * 1024;

/** Of one blob. */
const MAX_RESTARTS = 5;

/**
 * Uploads blobs: small ones in one request, large ones in chunks where the registry takes them. An upload that breaks off
 * is taken up where it stopped; one that the registry does not know any more is begun anew.
 */
export function createUpload({ requests, hasBlob, sleep, chunkedUploads }: UploadParts): Upload {
  /** Once a registry has refused a chunk, and taken the whole, nobody sends it another, whatever its record says. */
  let takesChunks = chunkedUploads;

  return async function upload(blob, content) {
    const { size, signal } = blob;
    const invalid = (why: string): RegistryError => invalidContent(blob, why);
    const given = "open" in content ? content : { open: () => content };
    const isRereadable = "open" in content;
    const read = createUploadContent(given, blob, invalid);
    const held =
      size <= MAX_HELD_BYTES ? await holdContent(read, { blob, isRereadable, sleep }) : undefined;
    const bytes = held === undefined ? read : createUploadContent(again(held), blob, invalid);
    let isChunked = takesChunks;
    const chunkBytes = (): number | undefined => (isChunked ? CHUNK_BYTES : undefined);
    const transfer = createTransfer({ requests, blob, content: bytes, held, chunkBytes });
    const mayRepeat = held !== undefined || isRereadable;
    let reached = 0;
    let failures = 0;
    let troubles = 0;
    let restarts = 0;

    try {
      while (!(await isSent())) await sleep(delayAfter(failures), signal);
      if (!isChunked) takesChunks = false;
    } finally {
      bytes.close();
    }

    /** `false`: something failed, and the way is clear to try again. */
    async function isSent(): Promise<boolean> {
      try {
        await transfer.advance();
        return true;
      } catch (error) {
        signal?.throwIfAborted();
        const ofContent = bytes.takeFailure();
        const cause = ofContent ?? error;
        if (transfer.step() === "finish" && (await arrivedAnyway(blob, cause))) return true;
        const hasMoved = transfer.offset() > reached;
        reached = Math.max(reached, transfer.offset());
        failures = hasMoved ? 1 : failures + 1;
        troubles += 1;
        const remedy = isOver()
          ? "none"
          : ofContent === undefined
            ? remedyFor(cause, { transfer, failures, troubles, restarts })
            : remedyForContent(cause);
        await apply(remedy, cause);
        return false;
      }
    }

    function isOver(): boolean {
      if (!mayRepeat || failures > MAX_FAILURES || restarts >= MAX_RESTARTS) return true;
      // The door has tried that often enough; a new session is worth one more time.
      return held !== undefined && transfer.step() === "finish" && failures > 1;
    }

    async function apply(remedy: Remedy, cause: unknown): Promise<void> {
      if (remedy === "resume" && isChunked) return transfer.doubt();
      if (remedy === "restart-whole") isChunked = false;
      restarts += 1;
      await transfer.restart();
      if (remedy === "none") throw cause;
    }
  };

  /** A PUT whose answer was lost is sent again, and then finds its upload finished. */
  async function arrivedAnyway(blob: UploadedBlob, error: unknown): Promise<boolean> {
    if (!isRegistryError(error, "unavailable", "not-found")) return false;
    try {
      return await hasBlob(blob);
    } catch (second) {
      blob.signal?.throwIfAborted();
      if (isRegistryError(second)) return false; // The first error tells more.
      throw second;
    }
  }
}

function invalidContent({ repository, digest }: UploadedBlob, why: string): RegistryError {
  const reference = `${formatRepository(repository)}@${digest}`;
  return new RegistryError(
    "invalid",
    `${repository.host}: cannot store ${reference}: invalid (${why})`,
  );
}
