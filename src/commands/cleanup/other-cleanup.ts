import type { FoundLease } from "../../engine/cleanup/leases.ts";
import type { LockAttempt } from "../../locks/lock-file.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { describeHolder } from "../../stages/lease.ts";
import type { Lease, LeaseHolder } from "../../stages/lease.ts";
import type { CommandDeps } from "../deps.ts";

/** Another cleanup that stands in the way. */
export interface OtherCleanup {
  /** Who, until when, and what to do if it is dead. One line. */
  readonly who: string;
  /** Whether it may have ended. */
  hasEnded(): Promise<boolean>;
}

/** A live lease of a cleanup. */
export interface CleanupLease extends FoundLease {
  readonly lease: Lease;
}

/** The cleanup among the leases that asked first. */
export function oldestCleanup(leases: readonly FoundLease[]): CleanupLease | undefined {
  const [first] = leases.filter(isRunningCleanup).toSorted(byAge);
  return first;
}

/** Whether another run comes before one that asked at `since`. Every two runs agree on that. */
export function isEarlier(
  { lease: other }: CleanupLease,
  since: number,
  { run }: LeaseHolder,
): boolean {
  return other.since < since || (other.since === since && other.holder.run < run);
}

/** The cleanup behind a lease. */
export function behindLease(
  { tag, lease: { holder, until } }: CleanupLease,
  { registry, repository }: { readonly registry: Registry; readonly repository: Repository },
  { now, signal }: Pick<CommandDeps, "now" | "signal">,
): OtherCleanup {
  const { host, name } = repository;
  const end = new Date(until).toISOString();
  return {
    who: `${describeHolder(holder)}, whose lease ends at ${end}; if it is dead, remove the tag ${tag}`,
    hasEnded: async () =>
      (await registry.resolve({ host, name, tag }, { signal })) === undefined ||
      now().getTime() > until,
  };
}

/** The cleanup behind a lock file. */
export function behindFile({
  holder,
  path,
}: Extract<LockAttempt, { readonly kind: "busy" }>): OtherCleanup {
  const whose = holder === undefined ? "another process" : describeHolder(holder);
  return {
    who: `${whose}, says ${path}; if nothing runs, remove that file`,
    hasEnded: () => Promise.resolve(true),
  };
}

function isRunningCleanup(found: FoundLease): found is CleanupLease {
  return found.state === "live" && found.lease !== "unreadable" && found.lease.kind === "cleanup";
}

function byAge({ lease: a }: CleanupLease, { lease: b }: CleanupLease): number {
  return a.since - b.since || (a.holder.run < b.holder.run ? -1 : 1);
}
