import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";

import { sleep } from "../../http/sleep.ts";
import { LockError } from "../lock.ts";
import type { AcquireOptions, HeldLock, LockManager } from "../lock.ts";
import { LEASE_TTL_MS, POLL_EVERY_MS, RENEW_EVERY_MS } from "../protocol/wire.ts";
import type { LockHandle } from "../protocol/wire.ts";
import { askWithin, seconds, unlessAborted } from "./ask.ts";
import { keepLease } from "./kept-lease.ts";
import type { LeaseDeps } from "./kept-lease.ts";
import type { LeaseAsk, LeaseBackend, LeaseTimings } from "./lease-backend.ts";

/** Others count whole seconds and cut, and no clock runs exactly like another. */
const TRUST_MARGIN_MS = 1500;

export const LEASE_TIMINGS: LeaseTimings = {
  trustMs: LEASE_TTL_MS - TRUST_MARGIN_MS,
  renewEveryMs: RENEW_EVERY_MS,
  pollEveryMs: POLL_EVERY_MS,
  retryMs: 500,
  answerMs: 5_000,
  releaseMs: 3_000,
  prepareMs: 60_000,
  silenceMs: 30_000,
};

export interface LeasedLocksOptions {
  readonly warn: (message: string) => void;
  readonly timings?: Partial<LeaseTimings>;
  readonly clock?: () => number;
}

/** Locks that are leases: they are renewed while they are held, and end by themselves when nobody renews them. */
export function openLeasedLocks(backend: LeaseBackend, options: LeasedLocksOptions): LockManager {
  const { warn, clock = () => performance.now() } = options;
  const timings = { ...LEASE_TIMINGS, ...options.timings };
  const deps: LeaseDeps = { timings, clock, warn };
  const acquirer = randomUUID();
  const held = new Set<HeldLock>();
  /** Answers that nobody waits for any more. */
  const late = new Set<Promise<void>>();
  const closing = new AbortController();
  let prepared: Promise<void> | undefined;

  return {
    address: backend.address,
    reach: "everywhere",
    acquire,
    async [Symbol.asyncDispose]() {
      closing.abort(new LockError("refused", `the locks at ${backend.address} are closed`));
      await Promise.all([...held].map((lock) => lock.release()));
      await Promise.all(late);
      await backend[Symbol.asyncDispose]();
    },
  };

  async function acquire(
    name: string,
    { waitMs, shared = false, ...options }: AcquireOptions,
  ): Promise<HeldLock> {
    const signal = AbortSignal.any([options.signal, closing.signal]);
    const ask: LeaseAsk = {
      name,
      shared,
      uuid: randomUUID(),
      acquirer: waitMs > 0 ? acquirer : "",
    };
    const until = clock() + waitMs;
    let silentSince: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const triedAt = clock();
      const { held: lock, failure } = await tryOnce(ask, signal);
      if (lock !== undefined) return lock;
      silentSince = failure === undefined ? undefined : (silentSince ?? triedAt);
      const left = until - clock();
      if (left <= 0 || clock() - (silentSince ?? clock()) >= timings.silenceMs) {
        throw failure ?? busy(name, waitMs);
      }
      const pause = failure === undefined ? timings.pollEveryMs : timings.retryMs;
      await sleep(Math.min(left, pause * (0.75 + Math.random() / 2)), signal);
    }
  }

  function busy(name: string, waitMs: number): LockError {
    const message = `lock ${name}: another holds it at ${backend.address}, still after ${seconds(waitMs)}`;
    return new LockError("busy", message);
  }

  async function tryOnce(ask: LeaseAsk, signal: AbortSignal): Promise<Attempt> {
    try {
      await unlessAborted(prepare(), signal);
      return await askOnce(ask, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LockError && error.code === "unavailable") return { failure: error };
      throw error;
    }
  }

  /** All that wait share it, so that none of their signals ends it. */
  function prepare(): Promise<void> {
    prepared ??= askWithin(timings.prepareMs, backend, closing.signal, (patience) =>
      backend.prepare(patience),
    ).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  }

  async function askOnce(ask: LeaseAsk, signal: AbortSignal): Promise<Attempt> {
    const begunAt = clock();
    const answer = askWithin(timings.answerMs, backend, undefined, (patience) =>
      backend.tryAcquire(ask, patience),
    );
    try {
      const handle = await unlessAborted(answer, signal);
      return handle === undefined ? {} : { held: hold(handle, begunAt) };
    } catch (error) {
      if (signal.aborted) giveBackLate(answer, begunAt);
      throw error;
    }
  }

  /** The request is out: a lease that it brings would keep others waiting until it runs out. */
  function giveBackLate(answer: Promise<LockHandle | undefined>, begunAt: number): void {
    const done = answer.then(
      async (handle) => {
        if (handle !== undefined) await hold(handle, begunAt).release();
      },
      () => undefined,
    );
    const one = done.finally(() => late.delete(one));
    late.add(one);
  }

  function hold(handle: LockHandle, begunAt: number): HeldLock {
    const lease = keepLease(backend, handle, begunAt, deps);
    const lock: HeldLock = {
      ...lease,
      release() {
        held.delete(lock);
        return lease.release();
      },
    };
    held.add(lock);
    return lock;
  }
}

/** How one request for a lease went: neither, when another has it. */
interface Attempt {
  readonly held?: HeldLock;
  readonly failure?: LockError;
}
