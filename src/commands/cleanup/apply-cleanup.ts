import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Registry } from "../../registry/registry.ts";
import { batchesOf } from "./batches.ts";
import { checkItem, isPresent } from "./check-item.ts";
import type { Checked } from "./check-item.ts";
import { createDeleter } from "./delete-items.ts";
import type { CommandDeps } from "../deps.ts";
import type { Gathered } from "./gathered.ts";
import { refuseUnreadable } from "./leases.ts";
import type { LeasePlace, ListedLeases } from "./leases.ts";
import { mapParallel } from "../parallel.ts";
import { createRelisting } from "./relisting.ts";
import { nameOf } from "./result.ts";
import type { Deleted, Failed, Skipped } from "./result.ts";
import type { RunLock } from "./run-lock.ts";
import { createSettlement } from "./settlement.ts";
import { createWriter } from "./write-down.ts";

export interface Applied {
  readonly deleted: readonly Deleted[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  /** Why it ended before its end. */
  readonly brokeOff?: Error;
}

/** What a plan is carried out with. */
export interface ApplyContext {
  readonly gathered: Pick<Gathered, "replan" | "hasNewUses" | "rereadHistory" | "leases">;
  readonly registry: Registry;
  readonly journal: Journal;
  /** Taken before the first deletion, unless it is taken already. */
  readonly lock: RunLock;
  /** Guards that this run may pass. */
  readonly allow: ReadonlySet<string>;
  /** No batch begins after this. Milliseconds since the epoch. Absent: nothing hurries. */
  readonly stopAt?: number;
}

/**
 * Carries out a plan, level by level: whatever reaches an item goes before it.
 *
 * Takes the listing again before the first deletion, between batches as time goes by, and whenever something was found
 * changed or could not be removed; what a fresh plan keeps then stays. Each manifest is read by its tag just before it
 * goes: that is the precondition and the journal entry in one. The very first deletion goes alone, so that a missing
 * right ends the run before anything was changed; that error is thrown, every later one is listed.
 *
 * An interruption ends it between two batches: deletions that were begun are waited for, so that the result says what
 * became of them.
 */
export async function applyCleanup(
  plan: CleanupPlan,
  { gathered, registry, journal, lock, allow, stopAt = Number.POSITIVE_INFINITY }: ApplyContext,
  deps: CommandDeps,
): Promise<Applied> {
  const settlement = createSettlement(() => listing.doubt());
  const { deleted, failed, skipped, held } = settlement;
  const listing = createRelisting(
    {
      async replan() {
        const again = await gathered.replan(held, new Set(deleted.map(nameOf)));
        refuseUnreadable(gathered.leases().others, allow);
        return again;
      },
      hasNewUses: () => gathered.hasNewUses(),
    },
    registry.capabilities,
    deps,
  );
  const deleteItems = createDeleter(plan, registry, settlement);
  const place = { registry, repository: plan.repository, signal: deps.signal };
  const { parallel, signal } = deps;
  const writeDown = createWriter({ plan, registry, journal, parallel, signal });
  const total = plan.deletions.length;
  let done = 0;

  deps.report({ type: "phase.started", phase: "deleting", total });
  try {
    const least = Math.max(deps.parallel, journal.batch);
    for (const batch of batchesOf(plan.deletions, registry.capabilities, least)) {
      deps.signal.throwIfAborted();
      if (isOver()) return stopped();
      await (lock.isTaken() ? lock.keepUp(listLeases) : takeLock(batch));
      await listing.refresh();
      await lock.check(gathered.leases());
      // Another cleanup was waited for, or the listing took long.
      if (isOver()) return stopped();
      const checked = await mapParallel(batch.filter(mayGo), deps.parallel, check);
      if (listing.isDoubted()) await listing.refresh();
      await carryOut(checked.filter(({ item }) => mayGo(item)));
      done += batch.length;
      deps.report({ type: "phase.advanced", phase: "deleting", done });
    }
  } catch (error) {
    if (settlement.isUntouched() || !(error instanceof Error)) throw error;
    return { deleted, failed, skipped, brokeOff: error };
  }
  return { deleted, failed, skipped };

  function isOver(): boolean {
    return deps.now().getTime() >= stopAt;
  }

  function stopped(): Applied {
    return { deleted, failed, skipped, brokeOff: new OutOfTimeError() };
  }

  async function listLeases(): Promise<ListedLeases> {
    await listing.force();
    return gathered.leases();
  }

  /** Leases that are over may go while another cleanup is under way; nothing else may. */
  async function takeLock(batch: readonly Deletion[]): Promise<void> {
    if (batch.every(isLease)) return;
    await journal.check();
    const over = plan.deletions.filter(isLease).flatMap(placesOf);
    await lock.take({ list: listLeases, waited: () => gathered.rereadHistory(), over });
  }

  /** Leaves out, for good, what the fresh plan keeps and what something that stays has to go before. */
  function mayGo(item: Deletion): boolean {
    if (settlement.isHeld(item)) return false;
    if (item.after.some((name) => held.has(name))) settlement.hold(item, "still-needed");
    else if (!listing.allows(item)) settlement.hold(item, "changed");
    else return true;
    return false;
  }

  async function check(item: Deletion): Promise<Checked> {
    const checked = await checkItem(item, place);
    if (checked.state === "changed") {
      listing.doubt();
      settlement.hold(item, "changed");
    }
    return checked;
  }

  async function carryOut(ready: readonly Checked[]): Promise<void> {
    for (const { item, state } of ready) if (state === "absent") settlement.settle(item);
    const present = ready.filter(isPresent);
    if (present.length === 0) return;
    await writeDown(present);
    await deleteItems(present);
  }
}

/** `--max-duration` is over. */
class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";

  constructor() {
    super("stopped at --max-duration");
  }
}

function isLease({ tags }: Deletion): boolean {
  return tags.length > 0 && tags.every((entry) => entry.class === "lease");
}

function placesOf({ digest, tags }: Deletion): LeasePlace[] {
  return tags.map(({ tag }) => ({ tag, digest }));
}
