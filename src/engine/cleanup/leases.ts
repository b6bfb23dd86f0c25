import { describeHolder } from "../../stages/lease.ts";
import type { Lease } from "../../stages/lease.ts";
import type { Catalog } from "./catalog.ts";
import type { Decision } from "./decision.ts";
import type { InventoryTag } from "./inventory.ts";
import type { Reason } from "./reason.ts";

/** A lease that lies in the repository. */
export interface FoundLease {
  readonly tag: string;
  /**
   * - `live`: its run goes on, for all anybody knows
   * - `over`: its time is up, or its process is known to be dead
   */
  readonly state: "live" | "over";
  /** `unreadable`: there is a record, and it does not say what a lease says. It is `live`. */
  readonly lease: Lease | "unreadable";
}

/** Why stages stay that running publishers are about to use, with each such stage or tag that is there. */
export function leaseReasons(
  leases: readonly FoundLease[],
  { tags }: Pick<Catalog, "tags">,
): { readonly tag: string; readonly reason: Reason }[] {
  return leases.flatMap(({ state, lease }) => {
    if (state !== "live" || lease === "unreadable" || lease.kind !== "publish") return [];
    const holder = describeHolder(lease.holder);
    const until = new Date(lease.until).toISOString();
    const there = lease.stages.filter((id) => tags.has(id));
    return there.map((tag) => ({ tag, reason: { kind: "lease", holder, until } as const }));
  });
}

/** Tags of leases that nobody can read. */
export function unreadableIn(leases: readonly FoundLease[]): readonly string[] {
  return leases.flatMap(({ tag, lease }) => (lease === "unreadable" ? [tag] : []));
}

/** Why a lease that nobody can read is a reason to stop. */
export function describeUnreadable(tag: string): string {
  return `the lease ${tag} cannot be read, so what a running process is about to use is not known; wait until it ends, or remove the tag if nothing runs`;
}

/** A lease goes when it is over; a running process removes its own. */
export function decideLease({ tag }: InventoryTag, leases: readonly FoundLease[]): Decision {
  const found = leases.find((lease) => lease.tag === tag);
  if (found === undefined || found.lease === "unreadable") {
    return { reasons: [{ kind: "unreadable" }] };
  }
  if (found.state === "live") return { reasons: [{ kind: "service" }] };
  return { because: "lease-over", after: [] };
}
