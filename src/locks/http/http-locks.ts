import type { Sleep } from "../../http/sleep.ts";
import { openLeasedLocks } from "../leased/leased-locks.ts";
import type { LeaseTimings } from "../leased/lease-backend.ts";
import { asLockError } from "../lock-repository.ts";
import type { LockRepository } from "../lock-repository.ts";
import type { LockManager } from "../lock.ts";
import { recordServer } from "../recorded-server.ts";
import { findClientId } from "./client-id.ts";
import { createHttpBackend } from "./http-backend.ts";
import { openLockServer } from "./lock-server.ts";
import type { LockServerDeps } from "./lock-server.ts";

export interface HttpLocksDeps extends LockServerDeps {
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  readonly timings?: Partial<LeaseTimings>;
  readonly sleep?: Sleep;
}

/**
 * Locks at a server that speaks lockgate's HTTP protocol. The repository tells under which id, and is told where the server
 * is. Nothing is sent until the first lock is acquired.
 */
export function openHttpLocks(
  address: string,
  place: LockRepository,
  deps: HttpLocksDeps,
): LockManager {
  const server = openLockServer(address, deps);
  const backend = createHttpBackend(server, (signal) =>
    asLockError(async () => {
      const tags = await place.listTags(signal);
      await recordServer(place, tags, { address }, deps, signal);
      return findClientId(server, place, tags, deps, signal);
    }),
  );
  return openLeasedLocks(backend, deps);
}
