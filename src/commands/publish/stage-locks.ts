import { LockError } from "../../locks/lock.ts";
import type { HeldLock, LockManager } from "../../locks/lock.ts";
import { isInFiles } from "../../oci/reference.ts";
import type { PublishDeps, PublishRequest } from "./request.ts";

/** What one stage is published under. */
export interface StageLock {
  /** Whether nobody else publishes the same stage now and for long enough to write a tag. */
  isAlone(): boolean;
  /** Whether somebody else had it just before: what they published is in the next list. */
  readonly wasTaken: boolean;
  release(): Promise<void>;
}

/** Keeps publishers of one stage apart, as far as that can be had. */
export interface StageLocks extends AsyncDisposable {
  lock(stageDigest: string): Promise<StageLock>;
}

/** What writing a tag, and looking whether it was written, may take with its retries. Milliseconds. */
const TIME_TO_WRITE_MS = 2_000;

/** A lock that nobody has is there at once; nobody looks again sooner than this. Milliseconds. */
const AT_ONCE_MS = 5;

const FREE: StageLock = {
  isAlone: () => false,
  wasTaken: false,
  release: () => Promise.resolve(),
};

/**
 * Locks named `<project>.<stage digest>`. A backend that does not answer is not asked again.
 *
 * A lock of this machine keeps nobody apart who publishes elsewhere, unless the repository is a directory.
 */
export function createStageLocks(
  {
    project,
    repositories: { primary },
    lock: { synchronization, waitMs, otherwise },
  }: Pick<PublishRequest, "project" | "repositories" | "lock">,
  { openLocks, signal, now }: Pick<PublishDeps, "openLocks" | "signal" | "now">,
  warn: (message: string) => void,
): StageLocks {
  let opening: Promise<LockManager> | undefined;
  let hasGivenUp = false;

  return {
    async lock(stageDigest) {
      if (synchronization.kind === "none" || hasGivenUp) return FREE;
      opening ??= openLocks(synchronization, { project, repository: primary });
      try {
        const locks = await opening;
        const asked = now().getTime();
        const held = await locks.acquire(`${project}.${stageDigest}`, { signal, waitMs });
        return lockOf(held, locks, now().getTime() - asked);
      } catch (error) {
        if (!(error instanceof LockError) || otherwise === "fail") throw error;
        hasGivenUp ||= error.code !== "busy";
        warn(`${error.message}; publishing goes on without a lock`);
        return FREE;
      }
    },
    async [Symbol.asyncDispose]() {
      const [opened] = await Promise.allSettled([opening]);
      if (opened.status === "fulfilled") await opened.value?.[Symbol.asyncDispose]();
    },
  };

  function lockOf(held: HeldLock, { reach }: LockManager, waitedMs: number): StageLock {
    const keepsApart = reach === "everywhere" || (reach === "machine" && isInFiles(primary));
    return {
      isAlone: () => keepsApart && !held.signal.aborted && held.remainingMs() >= TIME_TO_WRITE_MS,
      wasTaken: waitedMs >= AT_ONCE_MS,
      release: () => held.release(),
    };
  }
}
