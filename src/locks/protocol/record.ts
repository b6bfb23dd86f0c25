import { createHash } from "node:crypto";

import { z } from "zod";

/** One lock: who has it, until when, and who waits. A lock that nobody has and nobody waits for has no record. */
export interface LeaseRecord {
  readonly uuid: string;
  readonly lockName: string;
  /** Milliseconds since 1970, by the clock of whoever keeps the record. After it anybody may take the lock. */
  readonly expiresAt: number;
  /** How many hold it; 0: it is kept only for those who wait. More than one only when shared. */
  readonly holders: number;
  readonly isShared: boolean;
  /** Who waits, in the order of their first requests. */
  readonly queue: readonly Waiter[];
}

export interface Waiter {
  readonly acquirerId: string;
  readonly isShared: boolean;
  /** Of the first request. Milliseconds since 1970. */
  readonly since: number;
  /** When the place is lost unless it asks again. Milliseconds since 1970. */
  readonly until: number;
}

/** The annotation that holds the record of a lock in a ConfigMap. Source: lockgate. */
export function lockKey(lockName: string): string {
  return `lockgate.io/${createHash("sha3-224").update(lockName).digest("hex")}`;
}

const StoredWaiter = z.object({
  AcquirerId: z.string(),
  AcquiredAtTimestamp: z.int(),
  ExpireAtTimestamp: z.int(),
  IsShared: z.boolean().default(false),
});

const StoredRecord = z.object({
  uuid: z.string(),
  lockName: z.string(),
  ExpireAtTimestamp: z.int(),
  SharedHoldersCount: z.int(),
  IsShared: z.boolean(),
  QueueMembers: z.record(z.string(), StoredWaiter).nullish(),
});

/**
 * Reads a record as lockgate stores it: times in whole seconds. Throws what zod or `JSON.parse` throw when it is none.
 */
export function parseRecord(json: string): LeaseRecord {
  const stored = StoredRecord.parse(JSON.parse(json));
  const queue = Object.values(stored.QueueMembers ?? {}).map((member) => ({
    acquirerId: member.AcquirerId,
    isShared: member.IsShared,
    since: member.AcquiredAtTimestamp * 1000,
    until: member.ExpireAtTimestamp * 1000,
  }));
  return {
    uuid: stored.uuid,
    lockName: stored.lockName,
    expiresAt: stored.ExpireAtTimestamp * 1000,
    holders: Math.max(0, stored.SharedHoldersCount),
    isShared: stored.IsShared,
    queue: queue.sort((a, b) => a.since - b.since || (a.acquirerId < b.acquirerId ? -1 : 1)),
  };
}

/**
 * Writes a record as lockgate stores it. The queue is written even when it is empty: lockgate 0.2.0 breaks down when it
 * has to queue itself in a record without one.
 */
export function formatRecord(record: LeaseRecord): string {
  const members = record.queue.map((waiter) => [
    waiter.acquirerId,
    {
      AcquirerId: waiter.acquirerId,
      AcquiredAtTimestamp: wholeSeconds(waiter.since),
      ExpireAtTimestamp: wholeSeconds(waiter.until),
      ...(waiter.isShared ? { IsShared: true } : {}),
    },
  ]);
  return JSON.stringify({
    uuid: record.uuid,
    lockName: record.lockName,
    ExpireAtTimestamp: wholeSeconds(record.expiresAt),
    SharedHoldersCount: record.holders,
    IsShared: record.isShared,
    QueueMembers: Object.fromEntries(members),
  });
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
