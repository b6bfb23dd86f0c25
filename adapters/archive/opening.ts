/** What is opened once, for all who want it. */
export interface Opening<T> {
  /**
   * Opens it, unless it is open. Rejects as soon as `signal` is aborted, which ends the opening only when nobody else waits
   * for it. After a failure, the next one opens anew.
   */
  get(signal: AbortSignal): Promise<T>;
  /** What is open or about to be, `undefined` in it when that fails; no promise when nobody wanted it since the last `end`. */
  current(): Promise<T | undefined> | undefined;
  /** As `current`; whoever wants it afterwards opens it anew. */
  end(): Promise<T | undefined>;
}

interface Begun<T> {
  readonly opened: Promise<T>;
  readonly known: Promise<T | undefined>;
  readonly abandoned: AbortController;
  waiting: number;
}

/** @param open Its signal is aborted when nobody waits any more. */
export function createOpening<T>(open: (signal: AbortSignal) => Promise<T>): Opening<T> {
  let begun: Begun<T> | undefined;
  return {
    async get(signal) {
      for (;;) {
        signal.throwIfAborted();
        const mine = (begun ??= begin());
        try {
          return await waitFor(mine, signal);
        } catch (error) {
          // Others gave it up while it was joined: it is begun again.
          if (signal.aborted || !mine.abandoned.signal.aborted) throw error;
        }
      }
    },
    current: () => begun?.known,
    async end() {
      const known = begun?.known;
      begun = undefined;
      return await known;
    },
  };

  function begin(): Begun<T> {
    const abandoned = new AbortController();
    const opened = open(abandoned.signal);
    const known = opened.catch(() => {
      if (begun === started) begun = undefined;
      return undefined;
    });
    const started: Begun<T> = { opened, known, abandoned, waiting: 0 };
    return started;
  }
}

async function waitFor<T>(begun: Begun<T>, signal: AbortSignal): Promise<T> {
  const { promise: gaveUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => {
    begun.waiting -= 1;
    if (begun.waiting === 0) begun.abandoned.abort(signal.reason);
    reject(signal.reason);
  };
  begun.waiting += 1;
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([begun.opened, gaveUp]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
