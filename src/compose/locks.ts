import type { LockPlace } from "../commands/deps.ts";
import { LockError } from "../locks/lock.ts";
import type { LockManager } from "../locks/lock.ts";
import { openNoLocks } from "../locks/no-locks.ts";
import type { Synchronization } from "../locks/synchronization.ts";
import type { Environment } from "./environment.ts";
import { lockDirectory } from "./state-directory.ts";

export interface LocksSurroundings {
  readonly env: Environment;
}

/** Opens the locks that `--synchronization` names. Nothing is sent until the first is acquired. */
export async function openLocks(
  synchronization: Synchronization,
  _place: LockPlace,
  { env }: LocksSurroundings,
): Promise<LockManager> {
  switch (synchronization.kind) {
    case "none":
      return openNoLocks();
    case "local": {
      const { openLocalLocks } = await import("../locks/local/local-locks.ts");
      return openLocalLocks(lockDirectory(env));
    }
    case "http":
    case "kubernetes":
      throw new LockError("refused", `${synchronization.kind} locks are not served`);
  }
}
