import type { LockManager } from "../lock.ts";

/**
 * The same locks; before the first is acquired, others are looked for that they do not keep apart.
 *
 * @param look Never rejects but for the signal's reason: a warning is no reason to go without a lock.
 */
export function warnedLocks(
  locks: LockManager,
  look: (signal: AbortSignal) => Promise<void>,
): LockManager {
  let looking: Promise<void> | undefined;
  return {
    ...locks,
    async acquire(name, options) {
      looking ??= look(options.signal);
      await looking;
      return locks.acquire(name, options);
    },
  };
}
