import { setImmediate, setTimeout } from "node:timers/promises";
import type { Dice } from "./dice.ts";

/**
 * Several at work whose steps come in an order that dice decide, by a clock that only their steps move. The same dice,
 * the same order: what goes wrong once goes wrong again.
 */
export interface Turns {
  /** Waits until it is this one's turn. */
  take(): Promise<void>;
  /** Waits by this clock. Rejects with the reason of the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Milliseconds since the beginning. */
  now(): number;
  /** Gives turns until the work is done. Rejects when it is not, and nobody waits for one. */
  until<Result>(work: Promise<Result>): Promise<Result>;
}

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** Often no time passes between two steps: clocks are coarse. Milliseconds. */
const STEPS = [0, 0, 0, 1, 1, 3, 15] as const;

/** What the machine itself may be waited for, in real milliseconds: a file, a module. */
const IDLE_MS = 2;
const MOST_IDLES = 2_000;

export function createTurns(dice: Dice): Turns {
  const waiting: (() => void)[] = [];
  const sleepers = new Set<Sleeper>();
  let clock = 0;

  return {
    take: () => new Promise((resolve) => waiting.push(resolve)),
    now: () => clock,
    sleep,
    until,
  };

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { wakesAt: clock + ms, wake: resolve };
    sleepers.add(sleeper);
    const stop = (): void => {
      sleepers.delete(sleeper);
      reject(signal?.reason);
    };
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", stop));
  }

  async function until<Result>(work: Promise<Result>): Promise<Result> {
    const done = new AbortController();
    const finish = (): void => done.abort();
    work.then(finish, finish);
    let idles = 0;
    while (!(await isOver(done.signal)) && idles < MOST_IDLES) {
      if (step()) {
        idles = 0;
      } else {
        idles += 1;
        await setTimeout(IDLE_MS);
      }
    }
    if (!done.signal.aborted) throw new Error("everybody waits, and nobody for a turn");
    return work;
  }

  /** Lets one go on: somebody who waits for a turn, else who sleeps the shortest. */
  function step(): boolean {
    const due = [...sleepers].filter(({ wakesAt }) => wakesAt <= clock);
    const [next] = due.length > 0 ? due : waiting.length > 0 ? [] : shortest(sleepers);
    if (next !== undefined) {
      sleepers.delete(next);
      clock = Math.max(clock, next.wakesAt);
      next.wake();
      return true;
    }
    const [turn] = waiting.splice(dice.below(waiting.length), 1);
    if (turn === undefined) return false;
    clock += dice.pick(STEPS);
    turn();
    return true;
  }
}

function shortest(sleepers: ReadonlySet<Sleeper>): Sleeper[] {
  return [...sleepers].sort((a, b) => a.wakesAt - b.wakesAt).slice(0, 1);
}

/** Whether it is over when everything that can go on by itself has done so. */
async function isOver(signal: AbortSignal): Promise<boolean> {
  await setImmediate();
  return signal.aborted;
}
