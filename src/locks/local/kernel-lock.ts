import { mkdir, open, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { tryLock, tryUpgradeLock } from "fs-native-extensions";

/** A file that the kernel keeps locked for as long as it is open, and frees when the process ends in whatever way. */
export interface KernelLock {
  /** Frees it, and removes the file where nobody shares it. */
  release(): Promise<void>;
}

/** Times that a file which another removed meanwhile is opened anew in one try. */
const MAX_OPENINGS = 16;

/**
 * Tries to lock a file, which is made when it is absent. Answers `undefined` when another has it. Rejects with the
 * system's error where the file system has no locks.
 */
export async function tryKernelLock(
  path: string,
  options: { readonly shared: boolean },
): Promise<KernelLock | undefined> {
  for (let opening = 0; opening < MAX_OPENINGS; opening += 1) {
    const lock = await lockOpened(path, await openLockFile(path), options);
    if (lock !== "removed") return lock;
  }
  return undefined;
}

/**
 * Tries to lock a file that was opened at the path; it is closed unless it becomes a lock. `removed`: whoever held it
 * before removed it between its opening and its lock, so that it is nobody's door any more.
 */
export async function lockOpened(
  path: string,
  file: FileHandle,
  { shared }: { readonly shared: boolean },
): Promise<KernelLock | "removed" | undefined> {
  let isKept = false;
  try {
    if (!tryLock(file.fd, { shared })) return undefined;
    isKept = await isStillAt(path, file);
  } finally {
    if (!isKept) await file.close();
  }
  return isKept ? lockOf(path, file, shared) : "removed";
}

async function openLockFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a+", 0o600);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, "a+", 0o600);
  }
}

function lockOf(path: string, file: FileHandle, shared: boolean): KernelLock {
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= free();
      return released;
    },
  };

  async function free(): Promise<void> {
    try {
      if (!shared || tryUpgradeLock(file.fd)) await rm(path, { force: true });
    } catch {
      // A file that stays is one that nobody holds: the next one locks it as it is.
    } finally {
      await file.close();
    }
  }
}

async function isStillAt(path: string, file: FileHandle): Promise<boolean> {
  try {
    const [there, ours] = await Promise.all([
      stat(path, { bigint: true }),
      file.stat({ bigint: true }),
    ]);
    return there.ino === ours.ino && there.dev === ours.dev;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
