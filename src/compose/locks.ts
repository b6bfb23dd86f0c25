import type { LockPlace } from "../commands/deps.ts";
import type { HttpClient } from "../http/client.ts";
import { lockPlace } from "../locks/lock-place.ts";
import { LockError } from "../locks/lock.ts";
import type { LockManager } from "../locks/lock.ts";
import { openNoLocks } from "../locks/no-locks.ts";
import type { Synchronization } from "../locks/synchronization.ts";
import type { Registry } from "../registry/registry.ts";
import type { Environment } from "./environment.ts";
import { lockDirectory } from "./state-directory.ts";

export interface LocksSurroundings {
  readonly env: Environment;
  readonly http: () => Promise<HttpClient>;
  /** Of the repository that the locks are about. */
  readonly registry: () => Promise<Registry>;
  readonly warn: (message: string) => void;
  readonly now: () => Date;
}

/** Opens the locks that `--synchronization` names. Nothing is sent until the first is acquired. */
export async function openLocks(
  synchronization: Synchronization,
  place: LockPlace,
  { env, http, registry, warn, now }: LocksSurroundings,
): Promise<LockManager> {
  switch (synchronization.kind) {
    case "none":
      return openNoLocks();
    case "local": {
      const { openLocalLocks } = await import("../locks/local/local-locks.ts");
      return openLocalLocks(lockDirectory(env));
    }
    case "http": {
      const { openHttpLocks } = await import("../locks/http/http-locks.ts");
      const token = env["TIDEMARK_SYNCHRONIZATION_TOKEN"] || undefined;
      const deps = { http, warn, now, token };
      return openHttpLocks(synchronization.address, lockPlace(place, registry), deps);
    }
    case "kubernetes":
      throw new LockError("refused", `${synchronization.kind} locks are not served`);
  }
}
