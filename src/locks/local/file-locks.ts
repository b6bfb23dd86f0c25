import { tryLockFile } from "../lock-file.ts";
import { identifyProcess, isLocalProcessGone } from "../process-identity.ts";

/** A lock on one file. */
export interface FileLock {
  release(): Promise<void>;
}

/** Answers `undefined` when another has the lock. Rejects with the system's error. */
export type TryFileLock = (
  path: string,
  options: { readonly shared: boolean },
) => Promise<FileLock | undefined>;

type KernelLocks = typeof import("./kernel-lock.ts");

/**
 * The way to lock files on this system: by the kernel, and where the library for that has no binary (Linux with musl),
 * by files that say which process holds them. A process that dies in whatever way frees both.
 *
 * @param load Gets the way to the kernel's locks.
 */
export async function openFileLocks(
  load: () => Promise<KernelLocks> = () => import("./kernel-lock.ts"),
): Promise<TryFileLock> {
  try {
    return (await load()).tryKernelLock;
  } catch {
    return tryProcessLock;
  }
}

/** Shared holders exclude each other too: they wait, where the kernel would let them in. */
async function tryProcessLock(path: string): Promise<FileLock | undefined> {
  const attempt = await tryLockFile(`${path}.process`, await identifyProcess(), isLocalProcessGone);
  return attempt.kind === "taken" ? attempt.lock : undefined;
}
