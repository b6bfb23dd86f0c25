import { describeUnreadable, unreadableIn } from "../../engine/cleanup/leases.ts";
import type { FoundLease } from "../../engine/cleanup/leases.ts";
import type { Facts, InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import type { TagEntry } from "../../registry/registry.ts";
import { LEASE_GRACE_MS, isLeaseOf, parseLease } from "../../stages/lease.ts";
import type { Lease, LeaseHolder } from "../../stages/lease.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { readFacts } from "../facts.ts";
import type { Home } from "./homes.ts";
import { mapParallel } from "../parallel.ts";

/** Where a lease lies. */
export interface LeasePlace {
  readonly tag: string;
  readonly digest: Digest;
}

/** Leases of one listing. */
export interface ListedLeases {
  /** Tags of this run's own leases. */
  readonly own: ReadonlySet<string>;
  readonly others: readonly FoundLease[];
}

/** What the leases of a listing say. */
export interface ReadLeases {
  readonly leases: readonly FoundLease[];
  /**
   * Tags of those that were withdrawn since they were listed. Their runs wrote records just before, which the listing may
   * lack.
   */
  readonly withdrawn: readonly string[];
}

/** The tags of a listing that are this run's own leases. */
export function ownLeases(entries: readonly TagEntry[], { run }: LeaseHolder): ReadonlySet<string> {
  return new Set(entries.flatMap(({ tag }) => (isLeaseOf(run, tag) ? [tag] : [])));
}

/**
 * Reads what the leases among the tags say; one that is withdrawn meanwhile is left out, and said.
 *
 * @param homeOf Where a manifest can be read.
 * @param facts What was read before; grows.
 */
export async function readLeases(
  tags: readonly InventoryTag[],
  homeOf: (digest: Digest) => Home,
  facts: Map<Digest, Facts>,
  deps: CommandDeps,
): Promise<ReadLeases> {
  const { signal } = deps;
  const tagged = tags.filter((entry) => entry.class.kind === "lease");
  const withdrawn: string[] = [];
  const found = await mapParallel(tagged, deps.parallel, async ({ tag, digest }) => {
    if (digest === undefined) {
      withdrawn.push(tag);
      return undefined;
    }
    const { registry, repository } = homeOf(digest);
    const { host, name } = repository;
    const known = facts.get(digest);
    const read = await readFacts(registry, repository, { digest, config: true }, { known, signal });
    facts.set(digest, read);
    const lease = leaseOf(read);
    if (lease !== undefined) return { tag, lease, state: await stateOf(lease, deps) };
    const there = await registry.resolve({ host, name, tag }, { signal });
    if (there !== undefined) return { tag, lease: "unreadable", state: "live" } as const;
    withdrawn.push(tag);
    return undefined;
  });
  return { leases: found.filter((lease) => lease !== undefined), withdrawn };
}

/** Throws when something is there that may be a lease of a running process, and says nothing that can be honoured. */
export function refuseUnreadable(leases: readonly FoundLease[], allow: ReadonlySet<string>): void {
  const [first] = unreadableIn(leases);
  if (first === undefined || allow.has("lease-unreadable")) return;
  throw new GuardError(
    "lease-unreadable",
    `${describeUnreadable(first)}; --allow lease-unreadable lets this run through`,
  );
}

function leaseOf(facts: Facts): Lease | undefined {
  if (facts.kind !== "image" || typeof facts.image !== "object") return undefined;
  return parseLease(facts.image.labels);
}

async function stateOf(lease: Lease, { now, runner }: CommandDeps): Promise<"live" | "over"> {
  if (now().getTime() > lease.until + LEASE_GRACE_MS) return "over";
  return (await runner.isGone(lease.holder)) ? "over" : "live";
}
