/** Locks of one backend. Safety never rests on them: they save work that another does at the same moment. */
export interface LockManager extends AsyncDisposable {
  /** For people: `:local`, the address of the server, the cluster's object, `none`. */
  readonly address: string;
  /** Whether holders on other machines are kept apart. */
  readonly reach: "machine" | "everywhere" | "nobody";
  /**
   * Waits for a lock and takes it. Rejects with `LockError` (`busy` when `waitMs` is over, `unavailable` when the backend
   * does not answer in that time, or for half a minute, `refused` when it will not serve), or with the reason of the
   * signal.
   *
   * @param name `<project>.<digest>` for a stage.
   */
  acquire(name: string, options: AcquireOptions): Promise<HeldLock>;
}

export interface AcquireOptions {
  readonly signal: AbortSignal;
  /** How long to wait at most. Milliseconds. */
  readonly waitMs: number;
  /** Whether other shared holders may have it at the same time. Default: no. */
  readonly shared?: boolean;
}

export interface HeldLock {
  readonly name: string;
  /** Aborts with a `LockError` `lost` when the lease is lost or may be: what was done under it has to be verified. */
  readonly signal: AbortSignal;
  /**
   * For how long nobody else can have it, by this machine's monotonic clock. Milliseconds; `Infinity` for a local lock, 0
   * where nobody is kept apart.
   */
  remainingMs(): number;
  /** Gives it back. Never rejects because it was lost; a second call does nothing. */
  release(): Promise<void>;
}

export type LockErrorCode = "busy" | "unavailable" | "refused" | "lost";

export class LockError extends Error {
  override readonly name = "LockError";
  readonly code: LockErrorCode;

  constructor(code: LockErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
