import type { BlobSource } from "../registry/registry.ts";
import type { UploadContent } from "./upload-content.ts";
import { MAX_FAILURES, delayAfter, remedyForContent } from "./upload-remedy.ts";
import type { UploadedBlob } from "./upload-session.ts";

export interface HoldOptions {
  readonly blob: UploadedBlob;
  /** Whether a source that broke off can be read again. */
  readonly isRereadable: boolean;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** All bytes of a small blob, in memory. Rejects as a piece of the content does. */
export async function holdContent(
  content: UploadContent,
  { blob: { size, signal }, isRereadable, sleep }: HoldOptions,
): Promise<Uint8Array> {
  for (let failures = 1; ; failures += 1) {
    try {
      return Buffer.concat(await Array.fromAsync(await content.piece(0, size)));
    } catch (error) {
      signal?.throwIfAborted();
      const isOver = !isRereadable || failures > MAX_FAILURES;
      if (isOver || remedyForContent(error) === "none") throw error;
      await sleep(delayAfter(failures), signal);
    } finally {
      content.close();
    }
  }
}

/** Bytes in memory as a source. */
export function again(bytes: Uint8Array): BlobSource {
  return {
    async *open(from) {
      yield bytes.subarray(from);
    },
  };
}
