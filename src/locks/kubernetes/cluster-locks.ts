import { performance } from "node:perf_hooks";

import { openLeasedLocks } from "../leased/leased-locks.ts";
import type { LeaseTimings } from "../leased/lease-backend.ts";
import { asLockError } from "../lock-repository.ts";
import type { LockRepository } from "../lock-repository.ts";
import type { LockManager } from "../lock.ts";
import { recordServer } from "../recorded-server.ts";
import { createClusterBackend } from "./cluster-backend.ts";
import type { ObjectApi } from "./object-api.ts";

export interface ClusterLocksDeps {
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  readonly clock?: () => number;
  readonly timings?: Partial<LeaseTimings>;
  /** How long leases last, in milliseconds. Default: as others agree on. */
  readonly ttlMs?: number;
}

/**
 * Locks in a ConfigMap `werf-<project>` of a namespace. The repository is told which object that is. Nothing is sent until
 * the first lock is acquired.
 */
export function openClusterLocks(
  api: ObjectApi,
  namespace: string,
  place: LockRepository,
  deps: ClusterLocksDeps,
): LockManager {
  const { now, clock = () => performance.now(), ttlMs } = deps;
  const backend = createClusterBackend(api, {
    project: place.project,
    namespace,
    now: () => now().getTime(),
    clock,
    found: (object, signal) =>
      asLockError(async () => {
        const here = { address: `kubernetes://${namespace}`, object };
        await recordServer(place, await place.listTags(signal), here, deps, signal);
      }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  });
  return openLeasedLocks(backend, { ...deps, clock });
}
