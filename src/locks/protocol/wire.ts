/**
 * The HTTP protocol of lock servers: what clients send, what servers answer. Every field name, text and period here is
 * compared or relied upon by programs of others.
 *
 * Source: lockgate 0.1.1 and 0.2.0, and the synchronization server of werf 1.2 and 2.
 */

/** Names a lease: sent back to renew and to release it. All that share a lease have the same one. */
export interface LockHandle {
  readonly uuid: string;
  readonly lockName: string;
}

/** `POST /CLIENT_ID/locker/acquire` */
export interface AcquireRequest {
  readonly lockName: string;
  readonly opts: {
    readonly shared: boolean;
    /** Keeps a place in the queue; empty: none. lockgate 0.1.1 knows nothing of it. */
    readonly acquirerId: string;
  };
}

/** With a refusal both fields of the handle are empty. */
export interface AcquireAnswer extends Answer {
  readonly lockHandle: LockHandle;
}

/** `POST /CLIENT_ID/locker/renew-lease` and `POST /CLIENT_ID/locker/release`; they answer with an `Answer`. */
export interface HandleRequest {
  readonly lockHandle: LockHandle;
}

/** `POST /new-client-id` answers with a random name for a space of locks. */
export interface ClientIdAnswer extends Answer {
  readonly clientID: string;
}

/** What every answer of status 200 has; any other status is a failure, and its body a line for people. */
export interface Answer {
  /** Empty when it was done. */
  readonly err: string;
}

/** Answers an acquire: somebody has the lock, or came first. */
export const SHOULD_WAIT = "should wait";

/** Answers a renewal or release: somebody else has got the lock since. */
export const ALREADY_LEASED = "lock already leased";

/** Answers a renewal or release: nobody has the lock. */
export const NO_LEASE = "no existing lock lease found";

/**
 * How long a lease lasts after it was given or renewed. Milliseconds.
 *
 * Servers of others count whole seconds and cut: a lease of theirs may be over after nine. A client has to stop
 * trusting it that much earlier.
 */
export const LEASE_TTL_MS = 10_000;

/** How often a holder renews. Milliseconds. */
export const RENEW_EVERY_MS = 3_000;

/** How often one who waits asks again. Milliseconds. */
export const POLL_EVERY_MS = 2_000;

/** A header that every answer of our server has, and no other server's; its value is the version of what it promises. */
export const SERVER_HEADER = "x-tidemark-locks";
