import type { LockPlace } from "../commands/deps.ts";
import type { HttpClient } from "../http/client.ts";
import { lockRepository } from "../locks/lock-repository.ts";
import type { LockManager } from "../locks/lock.ts";
import type { LockServerDeps } from "../locks/http/lock-server.ts";
import { openNoLocks } from "../locks/no-locks.ts";
import type { Synchronization } from "../locks/synchronization.ts";
import { isInFiles } from "../oci/reference.ts";
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
  readonly version: string;
}

/** Opens the locks that `--synchronization` names. Nothing is sent until the first is acquired. */
export async function openLocks(
  synchronization: Synchronization,
  place: LockPlace,
  surroundings: LocksSurroundings,
): Promise<LockManager> {
  const { env, http, registry, warn, now, version } = surroundings;
  switch (synchronization.kind) {
    case "none":
      return openNoLocks();
    case "local":
      return openLocal(place, surroundings);
    case "http": {
      const { openHttpLocks } = await import("../locks/http/http-locks.ts");
      const { address, credentials = tokenOf(env) } = synchronization;
      const deps = { http, warn, now, credentials };
      return openHttpLocks(address, lockRepository(place, registry), deps);
    }
    case "kubernetes": {
      const { openObjectApi } = await import("./object-api.ts");
      const { openClusterLocks } = await import("../locks/kubernetes/cluster-locks.ts");
      const api = await openObjectApi(synchronization, { env, now, version });
      const { namespace } = synchronization;
      return openClusterLocks(api, namespace, lockRepository(place, registry), { warn, now });
    }
  }
}

/** Locks of this machine. Where the repository can be reached from others, they may keep nobody apart: that is said. */
async function openLocal(
  place: LockPlace,
  { env, registry, warn }: LocksSurroundings,
): Promise<LockManager> {
  const { openLocalLocks } = await import("../locks/local/local-locks.ts");
  const locks = openLocalLocks(lockDirectory(env));
  const { repository } = place;
  if (isInFiles(repository)) return locks;
  if (isCi(env)) {
    warn(
      `locks are kept on this machine alone, so publishers on other runners are not kept apart from this one (they agree on one stage all the same, and may upload it twice); name a lock server with --synchronization`,
    );
  }
  const { isRegistryError } = await import("../registry/error.ts");
  const { warnOfOtherServer } = await import("../locks/recorded-server.ts");
  const { warnedLocks } = await import("../locks/local/warned-locks.ts");
  return warnedLocks(locks, async (signal) => {
    const here = { address: locks.address };
    try {
      await warnOfOtherServer(lockRepository(place, registry), here, { warn }, signal);
    } catch (error) {
      if (!isRegistryError(error)) throw error;
      warn(`whether others keep their locks elsewhere could not be read: ${error.message}`);
    }
  });
}

/** Whether this is a job of a CI system. Source: all of them set `CI`. */
function isCi({ CI: value = "" }: Environment): boolean {
  return !["", "0", "false"].includes(value.toLowerCase());
}

function tokenOf({
  TIDEMARK_SYNCHRONIZATION_TOKEN: token = "",
}: Environment): LockServerDeps["credentials"] {
  return token === "" ? undefined : { token };
}
