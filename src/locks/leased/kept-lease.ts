import { sleep } from "../../http/sleep.ts";
import { LockError } from "../lock.ts";
import type { HeldLock } from "../lock.ts";
import type { LockHandle } from "../protocol/wire.ts";
import { askWithin } from "./ask.ts";
import type { LeaseBackend, LeaseTimings } from "./lease-backend.ts";

export interface LeaseDeps {
  readonly timings: LeaseTimings;
  /** The machine's monotonic clock. Milliseconds. */
  readonly clock: () => number;
  readonly warn: (message: string) => void;
}

/**
 * Renews a lease until it is released. It is lost when the backend says so, and when it could not be renewed in time: a
 * silent backend may have given it to another.
 *
 * @param begunAt When the request that got it was begun, by the clock of `deps`.
 */
export function keepLease(
  backend: LeaseBackend,
  handle: LockHandle,
  begunAt: number,
  { timings, clock, warn }: LeaseDeps,
): HeldLock {
  const { lockName: name } = handle;
  const lost = new AbortController();
  const stopped = new AbortController();
  let until = begunAt + timings.trustMs;
  let released: Promise<void> | undefined;
  const renewing = keepRenewing();

  return {
    name,
    signal: lost.signal,
    remainingMs: () =>
      released === undefined && !lost.signal.aborted ? Math.max(0, until - clock()) : 0,
    release() {
      released ??= giveBack();
      return released;
    },
  };

  async function keepRenewing(): Promise<void> {
    let failure: unknown;
    let pause = timings.renewEveryMs;
    while (!stopped.signal.aborted) {
      if (!(await waited(Math.min(pause, until - clock())))) return;
      const startedAt = clock();
      const left = until - startedAt;
      if (left <= 0) return lose("it could not be renewed in time", failure);
      try {
        const patience = Math.min(left, timings.answerMs);
        const answer = await askWithin(patience, backend, stopped.signal, (signal) =>
          backend.renew(handle, signal),
        );
        if (answer === "gone") return lose("another got it, or it was forgotten");
        until = startedAt + timings.trustMs;
        pause = timings.renewEveryMs;
      } catch (error) {
        if (stopped.signal.aborted) return;
        failure = error;
        pause = timings.retryMs;
      }
    }
  }

  /** Answers whether to go on. */
  async function waited(ms: number): Promise<boolean> {
    try {
      await sleep(Math.max(0, ms), stopped.signal);
      return true;
    } catch (error) {
      if (stopped.signal.aborted) return false;
      throw error;
    }
  }

  function lose(why: string, cause?: unknown): void {
    const last = cause instanceof Error ? `: ${cause.message}` : "";
    const message = `lock ${name} at ${backend.address} is lost: ${why}${last}`;
    lost.abort(new LockError("lost", message, { cause }));
  }

  /** Offers it back for a while, since others wait for it; a lost one once, and shortly. */
  async function giveBack(): Promise<void> {
    stopped.abort();
    await renewing;
    const isLost = lost.signal.aborted;
    const patience = isLost ? timings.retryMs : timings.releaseMs;
    const end = clock() + patience;
    let failure: unknown;
    for (let left = end - clock(); left > 0; left = end - clock()) {
      try {
        await askWithin(Math.min(left, timings.answerMs), backend, undefined, (signal) =>
          backend.release(handle, signal),
        );
        return;
      } catch (error) {
        failure = error;
        if (isLost || (error instanceof LockError && error.code === "refused")) break;
        await sleep(Math.min(timings.retryMs, Math.max(0, end - clock())));
      }
    }
    if (isLost) return;
    const why = failure instanceof Error ? failure.message : "its time is over";
    warn(`lock ${name} could not be given back and is left to run out: ${why}`);
  }
}
