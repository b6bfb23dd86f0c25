import type { LockManager } from "./lock.ts";

/** Locks that keep nobody apart: everyone gets every one at once. */
export function openNoLocks(): LockManager {
  return {
    address: "none",
    reach: "nobody",
    acquire(name, { signal }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      return Promise.resolve({
        name,
        signal: new AbortController().signal,
        remainingMs: () => 0,
        release: () => Promise.resolve(),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
