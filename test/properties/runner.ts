import type { Runner } from "../../src/commands/deps.ts";

let runs = 0;

/** A runner of its own, on a machine where every other one is dead. Waiting takes no time. */
export function soleRunner(startedAt: number, more: Partial<Runner> = {}): Runner {
  runs += 1;
  const run = runs.toString(16).padStart(16, "0");
  const holder = { run, host: "test", pid: runs };
  return {
    identify: () => Promise.resolve(holder),
    isGone: (other) => Promise.resolve(other.run !== run),
    startedAt,
    sleep: () => Promise.resolve(),
    tryLockFile: () => Promise.reject(new Error("nobody asks for a lock file")),
    ...more,
  };
}
