import type { Moment } from "../locks/protocol/lease.ts";
import { stillWaiting } from "../locks/protocol/lease.ts";
import type { LeaseRecord } from "../locks/protocol/record.ts";
import { StoreError, SWEEP_EVERY_MS, neededUntil } from "./store.ts";
import type { Decision, LeaseStore, LockAddress, LockCounts } from "./store.ts";

export interface MemoryStoreOptions {
  readonly ttlMs: number;
  /** For how long after the start nothing is given, since a predecessor may have given it. Milliseconds. */
  readonly graceMs: number;
  readonly maxLocks: number;
  /** Milliseconds since 1970; never goes back. */
  readonly now: () => number;
}

/** Keeps records in this process. Nothing waits between reading a record and writing it. */
export function createMemoryStore({
  ttlMs,
  graceMs,
  maxLocks,
  now,
}: MemoryStoreOptions): LeaseStore {
  const records = new Map<string, LeaseRecord>();
  const graceEnds = now() + graceMs;
  let sweptAt = now();

  return {
    name: "memory",
    change: async (lock, decide) => change(lock, decide),
    async count(): Promise<LockCounts> {
      const at = now();
      const held = [...records.values()].filter(({ holders }) => holders > 0);
      return {
        leases: held.filter(({ expiresAt }) => expiresAt >= at).length,
        waiting: [...records.values()].flatMap((record) => stillWaiting(record, at)).length,
      };
    },
    async ping() {},
    async [Symbol.asyncDispose]() {},
  };

  function change<Answer>(lock: LockAddress, decide: Decision<Answer>): Answer {
    const moment: Moment = { now: now(), ttlMs, isGrace: now() < graceEnds };
    sweep(moment.now);
    const key = JSON.stringify([lock.clientId, lock.lockName]);
    const before = records.get(key);
    const { record, answer } = decide(before, moment);
    if (record === undefined) {
      records.delete(key);
      return answer;
    }
    if (before === undefined && records.size >= maxLocks) {
      throw new StoreError("full", `there are ${maxLocks} locks already`);
    }
    records.set(key, record);
    return answer;
  }

  function sweep(at: number): void {
    if (at - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = at;
    for (const [key, record] of records) {
      if (neededUntil(record) < at) records.delete(key);
    }
  }
}
