import { LEASE_TTL_MS } from "../protocol/wire.ts";
import type { LeaseRecord } from "../protocol/record.ts";

/** What has been seen of leases that others have. */
export interface Observations {
  /**
   * Whether nobody renews a lease: it has not changed in any reading for as long as a lease lasts. The times in it are by
   * the clock of whoever wrote it, which need not be right.
   *
   * @param readAt When the reading was begun; @param now when it was over. By one monotonic clock, milliseconds.
   */
  isLapsed(
    record: LeaseRecord | undefined,
    at: { readonly readAt: number; readonly now: number },
  ): boolean;
  /** Forgets a lock that this process takes or gives back. */
  forget(lockName: string): void;
}

/** How much longer than it lasts a lease has to stay unchanged, for clocks that run at different speeds. Milliseconds. */
const MARGIN_MS = 500;

export function createObservations(ttlMs = LEASE_TTL_MS): Observations {
  const seen = new Map<string, { readonly state: string; readonly since: number }>();
  return {
    isLapsed(record, { readAt, now }) {
      if (record === undefined) return false;
      const state = `${record.uuid} ${record.expiresAt} ${record.holders}`;
      const before = seen.get(record.lockName);
      if (before?.state === state) return readAt - before.since >= ttlMs + MARGIN_MS;
      seen.set(record.lockName, { state, since: now });
      return false;
    },
    forget: (lockName) => void seen.delete(lockName),
  };
}
