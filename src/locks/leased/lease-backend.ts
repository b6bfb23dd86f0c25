import type { LockHandle } from "../protocol/wire.ts";

/**
 * A place where leases are kept: one request, one answer. What it rejects with is a `LockError`, `unavailable` where asking
 * again may help and `refused` where not, or the reason of the signal.
 */
export interface LeaseBackend extends AsyncDisposable {
  /** For people; the same as the address of the locks. */
  readonly address: string;
  /** Finds out what has to be known before the first lease. Called until it succeeds once, then no more. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Asks once. Answers `undefined` when another has it, or comes first. */
  tryAcquire(ask: LeaseAsk, signal: AbortSignal): Promise<LockHandle | undefined>;
  /** `gone`: the lease is another's, or nobody knows of it. */
  renew(handle: LockHandle, signal: AbortSignal): Promise<"renewed" | "gone">;
  /** Gives it back. A lease that is gone is given back already. */
  release(handle: LockHandle, signal: AbortSignal): Promise<void>;
}

export interface LeaseAsk {
  readonly name: string;
  readonly shared: boolean;
  /** Of this try and those that repeat it, and of no other. */
  readonly uuid: string;
  /**
   * Whose place in a queue it is; the same for all that one process asks. Empty: it does not wait, so it takes no place,
   * behind which others would wait for nothing.
   */
  readonly acquirer: string;
}

/** All in milliseconds. */
export interface LeaseTimings {
  /** For how long a lease is trusted after the request that gave or renewed it was begun. */
  readonly trustMs: number;
  readonly renewEveryMs: number;
  /** How often one who waits asks again, about. */
  readonly pollEveryMs: number;
  /** How soon a request is sent again that was not answered. */
  readonly retryMs: number;
  /** How long one answer may take. */
  readonly answerMs: number;
  /** For how long a lease is offered back before it is left to run out. */
  readonly releaseMs: number;
  /** How long everything may take that comes before the first lease. */
  readonly prepareMs: number;
  /** For how long a backend may be silent while somebody waits. */
  readonly silenceMs: number;
}
