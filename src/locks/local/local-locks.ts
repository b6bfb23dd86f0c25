import { createHash } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

import { sleep } from "../../http/sleep.ts";
import { seconds } from "../leased/ask.ts";
import { LockError } from "../lock.ts";
import type { AcquireOptions, HeldLock, LockManager } from "../lock.ts";
import { openFileLocks } from "./file-locks.ts";
import type { FileLock, TryFileLock } from "./file-locks.ts";

/** How long to wait before the lock is tried again: soon at first, then less often. Milliseconds. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/**
 * Locks of this machine: locked files in a directory, which a process that dies frees. The name of a file is the SHA-256 of
 * the lock's name.
 */
export function openLocalLocks(directory: string, open = openFileLocks): LockManager {
  const held = new Set<HeldLock>();
  return {
    address: ":local",
    reach: "machine",
    acquire,
    async [Symbol.asyncDispose]() {
      await Promise.all([...held].map((lock) => lock.release()));
    },
  };

  async function acquire(
    name: string,
    { signal, waitMs, shared = false }: AcquireOptions,
  ): Promise<HeldLock> {
    const path = join(directory, createHash("sha256").update(name).digest("hex"));
    const tryLock = await open();
    const until = performance.now() + waitMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      const lock = await tryLockAt(tryLock, path, shared);
      if (lock !== undefined) return hold(name, lock);
      const left = until - performance.now();
      if (left <= 0) {
        throw new LockError(
          "busy",
          `lock ${name}: another process on this machine holds it, still after ${seconds(waitMs)} (${path})`,
        );
      }
      await sleep(Math.min(left, pause * (0.5 + Math.random() / 2)), signal);
    }
  }

  function hold(name: string, lock: FileLock): HeldLock {
    let isHeld = true;
    const one: HeldLock = {
      name,
      signal: new AbortController().signal,
      remainingMs: () => (isHeld ? Number.POSITIVE_INFINITY : 0),
      async release() {
        isHeld = false;
        held.delete(one);
        await lock.release();
      },
    };
    held.add(one);
    return one;
  }
}

async function tryLockAt(
  tryLock: TryFileLock,
  path: string,
  shared: boolean,
): Promise<FileLock | undefined> {
  try {
    return await tryLock(path, { shared });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new LockError(
      "unavailable",
      `the lock file ${path} cannot be locked${code}; XDG_STATE_HOME names the directory where locks may lie`,
      { cause: error },
    );
  }
}
