import type { LeaseRecord, Waiter } from "./record.ts";
import { ALREADY_LEASED, NO_LEASE, SHOULD_WAIT } from "./wire.ts";
import type { LockHandle } from "./wire.ts";

/** By which clock, and under which rules, a record changes. */
export interface Moment {
  /** Milliseconds since 1970, by the clock that the record's times are of. */
  readonly now: number;
  /** How long a lease and a place in the queue last. Milliseconds. */
  readonly ttlMs: number;
  /** Whether the lease is over, for those who do not trust the record's clock. Default: by its time. */
  readonly isLapsed?: boolean;
  /**
   * Whether leases may be out that no record tells of, as after a start without memory: nothing is given then, and who
   * renews a lease that nobody knows has it. Default: no.
   */
  readonly isGrace?: boolean;
}

/** What becomes of a lock. */
export interface Change<Answer> {
  /** `undefined`: no record stays. The very record that was given: nothing changed. */
  readonly record: LeaseRecord | undefined;
  readonly answer: Answer;
}

export interface Acquisition {
  readonly lockName: string;
  readonly shared: boolean;
  /** Empty: keeps no place in the queue. */
  readonly acquirerId: string;
  /** Names the lease, should a new one be given. Never used before. */
  readonly uuid: string;
}

export type Acquired =
  | {
      readonly handle: LockHandle;
      /** Since its first request, for one in the queue. Milliseconds. */
      readonly waitedMs: number;
    }
  | { readonly err: typeof SHOULD_WAIT };

/**
 * Asks for a lock. It is given when nobody has it, its lease is over, or all share it, and nobody came before who
 * could not have it at the same time. One with an `acquirerId` that has to wait keeps its place by asking again.
 */
export function acquire(
  record: LeaseRecord | undefined,
  { lockName, shared, acquirerId, uuid }: Acquisition,
  moment: Moment,
): Change<Acquired> {
  const { now, ttlMs } = moment;
  const queue = stillWaiting(record, now);
  const place = queue.findIndex((waiter) => acquirerId !== "" && waiter.acquirerId === acquirerId);
  const ahead = place === -1 ? queue : queue.slice(0, place);
  const isNext = moment.isGrace !== true && ahead.every((waiter) => shared && waiter.isShared);
  const rest = queue.filter((_, index) => index !== place);
  const waitedMs = now - (queue[place]?.since ?? now);
  const expiresAt = now + ttlMs;

  if (isNext && isFree(record, moment)) {
    const given = { uuid, lockName, expiresAt, holders: 1, isShared: shared, queue: rest };
    return { record: given, answer: { handle: { uuid, lockName }, waitedMs } };
  }
  if (isNext && record !== undefined && record.isShared && shared) {
    const joined = { ...prolonged(record, moment), holders: record.holders + 1, queue: rest };
    return { record: joined, answer: { handle: { uuid: record.uuid, lockName }, waitedMs } };
  }
  const answer = { err: SHOULD_WAIT } as const;
  const isTurnedAway = acquirerId === "" || (place === -1 && queue.length >= MOST_WAITING);
  if (isTurnedAway) return { record, answer };
  const waiter = { acquirerId, isShared: shared, since: now - waitedMs, until: expiresAt };
  const waiting = place === -1 ? [...queue, waiter] : queue.with(place, waiter);
  return { record: { ...(record ?? unheld(lockName, now)), queue: waiting }, answer };
}

/** A record has to fit where it is stored; whoever comes later has no place, and asks until there is one. */
const MOST_WAITING = 1000;

/** `""`: it was done. */
export type Kept = "" | typeof ALREADY_LEASED | typeof NO_LEASE;

/** Prolongs a lease. One that is over, but that nobody took, is taken up again. */
export function renew(
  record: LeaseRecord | undefined,
  handle: LockHandle,
  moment: Moment,
): Change<Kept> {
  const err = objection(record, handle);
  if (err === NO_LEASE && moment.isGrace === true) {
    return { record: adopted(record, handle, moment), answer: "" };
  }
  if (err !== "" || record === undefined) return { record, answer: err };
  return { record: prolonged(record, moment), answer: "" };
}

/** Gives a lease back. The record stays while others hold it or wait. */
export function release(
  record: LeaseRecord | undefined,
  handle: LockHandle,
  moment: Moment,
): Change<Kept> {
  const err = objection(record, handle);
  if (err !== "" || record === undefined) return { record, answer: err };
  const queue = stillWaiting(record, moment.now);
  if (record.holders > 1) {
    return { record: { ...record, holders: record.holders - 1, queue }, answer: "" };
  }
  if (queue.length === 0) return { record: undefined, answer: "" };
  return { record: { ...unheld(record.lockName, moment.now), queue }, answer: "" };
}

/** Those in the queue who asked again in time. */
export function stillWaiting(record: LeaseRecord | undefined, now: number): readonly Waiter[] {
  return (record?.queue ?? []).filter((waiter) => waiter.until >= now);
}

function isFree(record: LeaseRecord | undefined, { now, isLapsed }: Moment): boolean {
  if (record === undefined || record.holders === 0) return true;
  return isLapsed ?? now > record.expiresAt;
}

function prolonged(record: LeaseRecord, { now, ttlMs }: Moment): LeaseRecord {
  return { ...record, expiresAt: Math.max(record.expiresAt, now + ttlMs) };
}

/** Why a handle is not, or not any more, that of the lease. */
function objection(record: LeaseRecord | undefined, handle: LockHandle): Kept {
  if (record === undefined || record.holders === 0) return NO_LEASE;
  return record.uuid === handle.uuid ? "" : ALREADY_LEASED;
}

/**
 * Others may share it: how many is not known, so that it is over only when all of them are silent, whoever releases it.
 */
function adopted(
  record: LeaseRecord | undefined,
  { uuid, lockName }: LockHandle,
  { now, ttlMs }: Moment,
): LeaseRecord {
  const queue = stillWaiting(record, now);
  return { uuid, lockName, expiresAt: now + ttlMs, holders: Infinity, isShared: false, queue };
}

/** What stays of a lock that nobody has: its name, for those who wait. Its time is over for clients of others, too. */
function unheld(lockName: string, now: number): LeaseRecord {
  return { uuid: "", lockName, expiresAt: now - 1000, holders: 0, isShared: false, queue: [] };
}
