import type { FileHandle } from "node:fs/promises";

/** Bytes read at once. */
const CHUNK = 256 * 1024;

/**
 * The bytes of an open file from `start` to before `end`, or to where it ends. Several may be read at once.
 *
 * @param end Absent: to the end of the file.
 */
export async function* readRange(
  handle: FileHandle,
  {
    start,
    end,
    signal,
  }: { readonly start: number; readonly end?: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const last = end ?? Number.POSITIVE_INFINITY;
  let position = start;
  while (position < last) {
    signal.throwIfAborted();
    const length = Math.min(CHUNK, last - position);
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(length),
      0,
      length,
      position,
    );
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
