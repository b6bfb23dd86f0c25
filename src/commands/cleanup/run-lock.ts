import type { LockFile } from "../../locks/lock-file.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { LeaseHolder } from "../../stages/lease.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import type { LeasePlace, ListedLeases } from "./leases.ts";
import { behindFile, behindLease, isEarlier, oldestCleanup } from "./other-cleanup.ts";
import type { OtherCleanup } from "./other-cleanup.ts";
import {
  RENEW_MS,
  isLeaseThere,
  isRefusal,
  removeLease,
  tryDeletion,
  writeLease,
} from "./run-lease.ts";
import type { WrittenLease } from "./run-lease.ts";
import { lacksRight } from "./settlement.ts";

/** Keeps two cleanups of one repository apart. */
export interface RunLock {
  /**
   * Makes this run the only cleanup of the repository, just before its first deletion. Rejects with
   * `GuardError("other-cleanup")` when another goes on, after having waited for it.
   *
   */
  take(means: TakeMeans): Promise<void>;
  isTaken(): boolean;
  /** Looks at leases of a later listing. Rejects with `GuardError("other-cleanup")` when this run's is gone. */
  check(leases: ListedLeases): Promise<void>;
  /** Renews what has to be renewed; a lease that ended unnoticed is asked for anew. Rejects like `check`. */
  keepUp(list: () => Promise<ListedLeases>): Promise<void>;
  /** Lets others go on. What could not be taken back becomes a warning. */
  release(): Promise<void>;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export interface TakeMeans {
  /** Lists again and answers the leases that are there. */
  list(): Promise<ListedLeases>;
  /** Called when another cleanup was waited for: what was read before is old by then. */
  waited(): Promise<void>;
  /**
   * Leases that this run is to remove anyway. One of them goes first, to see that anything may be deleted: a lease that
   * cannot be taken back is better not written.
   */
  readonly over: readonly LeasePlace[];
}

export interface RunLockOptions {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly project: string;
  /** How long another cleanup is waited for. Milliseconds. */
  readonly waitMs: number;
}

/** How often the lease of another cleanup is looked at while it is waited for. Milliseconds. */
const POLL_MS = 5_000;

/** A later run that asked at the same time sees this one's lease and withdraws within this many looks. */
const YIELD_LOOKS = 5;

/** Between two such looks. Milliseconds. */
const YIELD_MS = 2_000;

/**
 * A lease in the repository: a run writes one of its own and goes on only when a listing taken after that shows no other.
 * Of two that meet, the one that asked first stays and waits for the other to withdraw, so one of them goes on.
 *
 * Where the registry takes no lease, a file keeps at least the runs of this machine apart.
 */
export function createRunLock(
  { registry, repository, project, waitMs }: RunLockOptions,
  { runner, now, signal }: CommandDeps,
): RunLock {
  const place = { registry, repository, project };
  const address = formatRepository(repository);
  const warnings: string[] = [];
  let lease: WrittenLease | undefined;
  let file: LockFile | undefined;
  let renewals = 0;

  const isTaken = (): boolean => lease !== undefined || file !== undefined;
  return { take, isTaken, check, keepUp, release: withdraw, warnings };

  async function take({ list, waited, over: [over] }: TakeMeans): Promise<void> {
    const since = now().getTime();
    const refused = await tryDeletion(place, over, await runner.identify());
    if (refused !== undefined && lacksRight(refused)) throw refused;
    for (;;) {
      const other = await tryTake(list, since);
      if (other === undefined) return;
      await waitFor(other, since + waitMs);
      await waited();
    }
  }

  /** Resolves when the other may have ended; rejects when that takes too long. */
  async function waitFor({ who, hasEnded }: OtherCleanup, end: number): Promise<void> {
    do {
      const left = end - now().getTime();
      if (left <= 0) {
        const way = waitMs > 0 ? "it was waited for in vain" : "--wait 30m waits for it";
        throw new GuardError("other-cleanup", `${address} is being cleaned by ${who}; ${way}`);
      }
      await runner.sleep(Math.min(POLL_MS, left));
    } while (!(await hasEnded()));
  }

  async function tryTake(
    list: () => Promise<ListedLeases>,
    since: number,
  ): Promise<OtherCleanup | undefined> {
    const holder = await runner.identify();
    await begin(holder, since);
    if (lease === undefined) {
      const busy = await takeFile();
      if (busy !== undefined) return busy;
    }
    for (let look = 0; ; look += 1) {
      const { own, others } = await list();
      const first = oldestCleanup(others);
      if (first === undefined) {
        await proveListing(own);
        return undefined;
      }
      if (look === YIELD_LOOKS || lease === undefined || isEarlier(first, since, holder)) {
        await withdraw();
        return behindLease(first, place, { now, signal });
      }
      await runner.sleep(YIELD_MS);
    }
  }

  async function begin(holder: LeaseHolder, since: number): Promise<void> {
    try {
      lease = undefined;
      lease = await write(holder, since);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      warn(
        `the registry took no lease, so only cleanups on this machine are kept apart: ${error.message}`,
      );
    }
  }

  /** A listing that does not show what was just written may not show the leases of others either. */
  async function proveListing(own: ReadonlySet<string>): Promise<void> {
    if (lease === undefined || own.has(lease.tag)) return;
    if (!(await isLeaseThere(place, lease, signal))) throw lost();
    warn(
      "the listing does not show the lease that was just written; two cleanups that start together may not see each other",
    );
  }

  async function takeFile(): Promise<OtherCleanup | undefined> {
    const attempt = await runner.tryLockFile(address);
    if (attempt.kind === "busy") return behindFile(attempt);
    file = attempt.lock;
    return undefined;
  }

  async function check({ own }: ListedLeases): Promise<void> {
    if (lease === undefined || own.has(lease.tag)) return;
    if (!(await isLeaseThere(place, lease, signal))) throw lost();
  }

  async function keepUp(list: () => Promise<ListedLeases>): Promise<void> {
    if (file !== undefined && !(await file.isHeld())) throw lost();
    const old = lease;
    if (old === undefined || now().getTime() < old.until - RENEW_MS) return;
    if (!(await isLeaseThere(place, old, signal))) throw lost();
    const hasEnded = now().getTime() >= old.until;
    const other = hasEnded ? await tryTake(list, old.since) : await renew(old);
    await remove(old);
    if (other !== undefined) throw lost();
  }

  async function renew({ since }: WrittenLease): Promise<undefined> {
    lease = await write(await runner.identify(), since);
  }

  async function write(holder: LeaseHolder, since: number): Promise<WrittenLease> {
    const asked = { holder, since, now: now().getTime(), renewals };
    renewals += 1;
    return writeLease(place, asked, signal);
  }

  function lost(): GuardError {
    lease = undefined;
    return new GuardError(
      "other-cleanup",
      `this run's lease on ${address} is gone: another cleanup took it for dead`,
    );
  }

  async function withdraw(): Promise<void> {
    if (lease !== undefined) await remove(lease);
    lease = undefined;
    await file?.release();
    file = undefined;
  }

  async function remove(old: WrittenLease): Promise<void> {
    const error = await removeLease(place, old);
    if (error === undefined) return;
    const end = new Date(old.until).toISOString();
    warn(`this run's lease ${old.tag}, which ends at ${end}, stays: ${error.message}`);
  }

  function warn(warning: string): void {
    if (!warnings.includes(warning)) warnings.push(warning);
  }
}
