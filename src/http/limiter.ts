/** Lets so many requests of one budget through as the server bears. */
export interface Limiter {
  /**
   * Waits for a place. Rejects with the reason of an aborted signal, at once. A request that was let through
   * before is let through first.
   */
  enter(options: { readonly signal?: AbortSignal; readonly again: boolean }): Promise<Place>;
  /** Lets nobody through for so long; a longer pause that is already on stays. Answers whether it is longer. */
  pause(delayMs: number): boolean;
}

export interface Place {
  /** Gives the place back. `throttled` halves the number of places, `ok` lets it grow. */
  leave(outcome: "ok" | "throttled" | "failed"): void;
}

export interface LimiterOptions {
  /** Most requests in flight. */
  readonly concurrency: number;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * A limiter that adds slowly and halves fast.
 *
 * Several answers that refuse requests sent before the last halving count once: they are one piece of news.
 */
export function createLimiter({ concurrency, now, sleep }: LimiterOptions): Limiter {
  let limit = concurrency;
  let inFlight = 0;
  let halvings = 0;
  let pausedUntil = 0;
  let waking = false;
  const again = new Set<() => void>();
  const waiting = new Set<() => void>();

  return { enter, pause };

  function enter(options: {
    readonly signal?: AbortSignal;
    readonly again: boolean;
  }): Promise<Place> {
    const { signal } = options;
    const queue = options.again ? again : waiting;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = (): void => {
        queue.delete(admit);
        reject(signal?.reason);
      };
      const admit = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(place());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      queue.add(admit);
      admitWaiting();
    });
  }

  function pause(delayMs: number): boolean {
    const until = now().getTime() + delayMs;
    const isLonger = until > pausedUntil;
    pausedUntil = Math.max(pausedUntil, until);
    return isLonger;
  }

  function place(): Place {
    const seen = halvings;
    let left = false;
    return {
      leave(outcome) {
        if (left) return;
        left = true;
        inFlight -= 1;
        if (outcome === "ok") limit = Math.min(concurrency, limit + 1 / limit);
        if (outcome === "throttled" && seen === halvings) {
          limit = Math.max(1, limit / 2);
          halvings += 1;
        }
        admitWaiting();
      },
    };
  }

  function admitWaiting(): void {
    while (inFlight < Math.floor(limit)) {
      const queue = again.size > 0 ? again : waiting;
      const [next] = queue;
      if (next === undefined) return;
      const pauseMs = pausedUntil - now().getTime();
      if (pauseMs > 0) return wakeIn(pauseMs);
      queue.delete(next);
      inFlight += 1;
      next();
    }
  }

  function wakeIn(pauseMs: number): void {
    if (waking) return;
    waking = true;
    const wake = (): void => {
      waking = false;
      admitWaiting();
    };
    sleep(pauseMs).then(wake, () => {
      // Sleep is broken off when the door closes: whoever waits goes on and finds it closed.
      pausedUntil = 0;
      wake();
    });
  }
}
