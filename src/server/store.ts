import type { Change, Moment } from "../locks/protocol/lease.ts";
import type { LeaseRecord } from "../locks/protocol/record.ts";

/** Where the server keeps records of locks. */
export interface LeaseStore extends AsyncDisposable {
  /** For people, without secrets: `memory`, `postgres at db.example:5432/locks`. */
  readonly name: string;
  /**
   * Changes one record, all or nothing: `decide` is given what stands now, and is asked again when somebody else was
   * faster. Rejects with `StoreError` when it is not known to have been done; it may have been then.
   */
  change<Answer>(lock: LockAddress, decide: Decision<Answer>): Promise<Answer>;
  count(): Promise<LockCounts>;
  /** Resolves when the store answers; rejects with `StoreError`. */
  ping(): Promise<void>;
}

export interface LockAddress {
  /** Whose locks: names of different clients never meet. */
  readonly clientId: string;
  readonly lockName: string;
}

export type Decision<Answer> = (record: LeaseRecord | undefined, moment: Moment) => Change<Answer>;

export interface LockCounts {
  /** Locks that somebody holds. */
  readonly leases: number;
  /** Places in queues. */
  readonly waiting: number;
}

/**
 * - `unavailable`: the store does not answer, or not in time
 * - `full`: there are as many locks as there may be
 * - `conflict`: others were faster, again and again
 * - `unfit`: what stands there cannot be worked with; found at the start
 */
export type StoreErrorCode = "unavailable" | "full" | "conflict" | "unfit";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For how long a lease that is over can still be taken up again by its holder. Milliseconds. */
export const LAPSED_KEPT_MS = 10 * 60_000;

/** How often records that nobody needs are looked for. Milliseconds. */
export const SWEEP_EVERY_MS = 60_000;

/** Until when a record says anything to anybody. Milliseconds since 1970. */
export function neededUntil({ holders, expiresAt, queue }: LeaseRecord): number {
  const held = holders === 0 ? 0 : expiresAt + LAPSED_KEPT_MS;
  return Math.max(held, ...queue.map((waiter) => waiter.until));
}
