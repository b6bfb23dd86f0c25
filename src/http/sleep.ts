import { setTimeout as timer } from "node:timers/promises";

/** Waits. Rejects with the reason of an aborted signal, at once. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** `Sleep` by the machine's clock. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
