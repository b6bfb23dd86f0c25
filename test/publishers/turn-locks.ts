import type { HeldLock, LockManager } from "../../src/locks/lock.ts";
import { LockError } from "../../src/locks/lock.ts";
import type { Dice } from "./dice.ts";
import type { Turns } from "./turns.ts";

/**
 * - `exclusive`: keeps its promises
 * - `none`: is not asked
 * - `forgetful`: gives a lock to everybody who asks, and tells nobody
 * - `lossy`: gives a lock to the next one after a while, and tells the first one later
 * - `away`: does not answer
 */
export type TurnLockMode = "exclusive" | "none" | "forgetful" | "lossy" | "away";

const TTL_MS = 10_000;
const POLL_MS = 20;

/** How long a lossy lock keeps its promise, and how long until it says so. Milliseconds. */
const LOSES_WITHIN_MS = 40;
const TELLS_WITHIN_MS = 60;

/** Locks that several share, in the memory of this process. */
export function shareLocks(mode: TurnLockMode, turns: Turns, dice: Dice): LockManager {
  const held = new Map<string, { readonly owner: object; readonly until: number }>();
  return {
    address: mode,
    reach: "everywhere",
    async acquire(name, { signal, waitMs }) {
      await turns.take();
      if (mode === "away") throw new LockError("unavailable", "the locks do not answer");
      const deadline = turns.now() + waitMs;
      while (isTaken(name)) {
        if (turns.now() > deadline) throw new LockError("busy", `${name} is held`);
        await turns.sleep(POLL_MS, signal);
      }
      return give(name);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  function isTaken(name: string): boolean {
    return mode !== "forgetful" && (held.get(name)?.until ?? -Infinity) > turns.now();
  }

  async function give(name: string): Promise<HeldLock> {
    const owner = {};
    const lost = new AbortController();
    const since = turns.now();
    const lasts = mode === "lossy" ? dice.below(LOSES_WITHIN_MS) : TTL_MS;
    held.set(name, { owner, until: since + lasts });
    if (mode === "lossy") void tellLater(name, lost);
    await turns.take();
    return {
      name,
      signal: lost.signal,
      remainingMs: () => since + TTL_MS - turns.now(),
      async release() {
        await turns.take();
        if (held.get(name)?.owner === owner) held.delete(name);
      },
    };
  }

  async function tellLater(name: string, lost: AbortController): Promise<void> {
    await turns.sleep(dice.below(TELLS_WITHIN_MS));
    lost.abort(new LockError("lost", `${name} was lost`));
  }
}
