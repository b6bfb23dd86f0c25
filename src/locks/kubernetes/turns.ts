import { unlessAborted } from "../leased/ask.ts";

/** Lets one after the other in, in the order they came. */
export interface Turns {
  /** Runs work when everyone who came before is done. Rejects with the reason of the signal, at once. */
  take<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(signal, work) {
      const turn = last.then(() => {
        signal.throwIfAborted();
        return work();
      });
      last = turn.catch(() => undefined);
      return unlessAborted(turn, signal);
    },
  };
}
