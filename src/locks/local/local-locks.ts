import { createHash } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

import { sleep } from "../../http/sleep.ts";
import { seconds } from "../leased/ask.ts";
import { LockError } from "../lock.ts";
import type { AcquireOptions, HeldLock, LockManager } from "../lock.ts";
import type { KernelLock } from "./kernel-lock.ts";

type KernelLocks = typeof import("./kernel-lock.ts");

/** How long to wait before the lock is tried again: soon at first, then less often. Milliseconds. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/**
 * Locks of this machine: files in a directory that the kernel locks, so that a process that dies frees its own. The name
 * of a file is the SHA-256 of the lock's name.
 *
 * @param load Gets the way to the kernel's locks, which is not there on every system.
 */
export function openLocalLocks(
  directory: string,
  load: () => Promise<KernelLocks> = () => import("./kernel-lock.ts"),
): LockManager {
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
    const kernel = await loaded(load);
    const until = performance.now() + waitMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      const lock = await tryLockAt(kernel, path, shared);
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

  function hold(name: string, lock: KernelLock): HeldLock {
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

async function loaded(load: () => Promise<KernelLocks>): Promise<KernelLocks> {
  try {
    return await load();
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new LockError(
      "unavailable",
      `this system (${process.platform} ${process.arch}) has no file locks that we know how to take: ${why}; name a lock server with --synchronization, or none`,
      { cause: error },
    );
  }
}

async function tryLockAt(
  { tryKernelLock }: KernelLocks,
  path: string,
  shared: boolean,
): Promise<KernelLock | undefined> {
  try {
    return await tryKernelLock(path, { shared });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new LockError(
      "unavailable",
      `the lock file ${path} cannot be locked${code}; XDG_STATE_HOME names the directory where locks may lie`,
      { cause: error },
    );
  }
}
