import { runCleanup } from "../../src/commands/cleanup/cleanup.ts";
import type { CleanupRequest } from "../../src/commands/cleanup/cleanup.ts";
import type { CommandDeps, Runner } from "../../src/commands/deps.ts";
import type { CleanupResult } from "../../src/commands/cleanup/result.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { GUARD_NAMES } from "../../src/engine/cleanup/guards.ts";
import { cleanupPolicy, historyOf } from "./ask.ts";
import { clustersOf } from "./ask-extras.ts";
import type { Ask } from "./ask.ts";
import type { Use } from "./extras.ts";
import { soleRunner } from "./runner.ts";

export const REPOSITORY: Repository = { host: "memory.test", name: "shop/app" };

export interface RunOptions {
  readonly dryRun?: boolean;
  readonly parallel?: number;
  /** Milliseconds that pass between two looks at the clock. */
  readonly tickMs?: number;
  /** Another clock than that of the ask. */
  readonly now?: () => Date;
  readonly repository?: Repository;
  readonly journal?: (entries: readonly JournalEntry[]) => void;
  readonly request?: Partial<CleanupRequest>;
  /** What differs from a run that is alone. */
  readonly runner?: Partial<Runner>;
  /** What runs by now. Default: what the ask says. */
  readonly uses?: () => readonly Use[];
  readonly signal?: AbortSignal;
}

/** Runs the product's cleanup on a registry. Every guard is let through unless `request` says otherwise. */
export function cleanUp(
  registry: Registry,
  ask: Ask,
  options: RunOptions = {},
): Promise<CleanupResult> {
  return runCleanup(requestOf(ask, options), depsOf(registry, ask, options));
}

export function requestOf(
  ask: Ask,
  { dryRun = false, repository = REPOSITORY, request }: RunOptions,
): CleanupRequest {
  return {
    policy: cleanupPolicy(ask, repository),
    disabled: false,
    dryRun,
    allow: new Set(GUARD_NAMES),
    gcGraceMs: 0,
    ...request,
  };
}

/** Everything a command is given, without the machine: the clock stands or ticks by itself. */
export function depsOf(
  registry: Registry,
  ask: Ask,
  { parallel = 1, tickMs = 0, now, journal, runner, uses, signal }: RunOptions,
): CommandDeps {
  let looks = 0;
  return {
    openRegistry: () => Promise.resolve(registry),
    openClusters: async () => clustersOf(uses ?? (() => ask.extras?.uses ?? [])),
    readImageNames: () => Promise.resolve(new Map()),
    readHistory: async () => {
      if (ask.git === undefined) throw new Error("the Git policies are off");
      return historyOf(ask.git);
    },
    openJournal: () =>
      Promise.resolve({
        place: "/journal",
        batch: 1,
        check: () => Promise.resolve(),
        append: (entries) => {
          journal?.(entries);
          return Promise.resolve();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    runner: soleRunner(ask.now, runner),
    report: () => {},
    signal: signal ?? new AbortController().signal,
    now:
      now ??
      (() => {
        looks += 1;
        return new Date(ask.now + (looks - 1) * tickMs);
      }),
    requests: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
    parallel,
  };
}
