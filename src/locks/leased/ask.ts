import { LockError } from "../lock.ts";

/**
 * Asks a backend, and waits for its answer no longer than that. Rejects with `LockError` `unavailable` after it, and with the
 * reason of the given signal.
 */
export async function askWithin<Answer>(
  ms: number,
  { address }: { readonly address: string },
  stopped: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const patience = AbortSignal.timeout(Math.ceil(ms));
  const signal = stopped === undefined ? patience : AbortSignal.any([patience, stopped]);
  try {
    return await ask(signal);
  } catch (error) {
    stopped?.throwIfAborted();
    if (!patience.aborted) throw error;
    throw new LockError("unavailable", `${address} has not answered in ${seconds(ms)}`, {
      cause: error,
    });
  }
}

/** Rejects with the reason of the signal as soon as it is aborted; the promise goes on. */
export function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((settle, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(settle, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** `2.5 s` */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
