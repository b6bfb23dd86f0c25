import type { Facts, InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { FoundLease } from "../../engine/cleanup/leases.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { describeHolder, isLeaseOf, isLeaseTag } from "../../stages/lease.ts";
import type { LeaseHolder } from "../../stages/lease.ts";
import { readLeases } from "../cleanup/leases.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { PublishedImage } from "./published.ts";

/** How often the lease of a cleanup that goes on is looked at. Milliseconds. */
const POLL_MS = 5_000;

/** How often everything is listed meanwhile, which some registries take many requests for. Milliseconds. */
const RELIST_MS = 60_000;

/**
 * Whether the stages and indexes that a run found, and has recorded by now, are there to stay.
 *
 * A cleanup writes its lease before it lists for the last time: one whose lease is not there yet will find the records.
 * One that goes on may have listed before them. It is waited for, until it ends or has to have listed again; what it took
 * is known then.
 *
 * @param waitMs How long a cleanup is waited for. Milliseconds.
 */
export async function outlastsCleanup(
  images: readonly PublishedImage[],
  { primary, waitMs }: { readonly primary: Repository; readonly waitMs: number },
  deps: CommandDeps,
): Promise<boolean> {
  const found = images.flatMap(foundTags);
  if (found.length === 0) return true;
  const registry = await deps.openRegistry(primary);
  const facts = new Map<Digest, Facts>();
  const ended = new Set<string>();
  const end = deps.now().getTime() + waitMs;
  let isTold = false;
  for (;;) {
    const listed = await Array.fromAsync(registry.listTags(primary, { signal: deps.signal }));
    const tags = new Set(listed.map(({ tag }) => tag));
    if (!(await areThere(found.filter((tag) => !tags.has(tag))))) return false;
    const { cleaner, withdrawn } = await readOthers(tags, { registry, primary, facts }, deps);
    if (deps.now().getTime() >= end) return true;
    // One that ended since the list was taken may have taken something since, too.
    const isNews = withdrawn.some((tag) => !ended.has(tag));
    for (const tag of withdrawn) ended.add(tag);
    if (cleaner === undefined && !isNews) return true;
    if (cleaner === undefined) continue;
    if (!isTold) {
      isTold = true;
      const message = `${formatRepository(primary)} is being cleaned by ${describeHolder(cleaner.holder)}, which may not know yet what was just published; it is waited for`;
      deps.report({ type: "warning.raised", message });
    }
    await untilNews(cleaner.tag);
  }

  /** Until a lease is gone: its cleanup has ended, or has written another. */
  async function untilNews(lease: string): Promise<void> {
    const { host, name } = primary;
    const until = Math.min(end, deps.now().getTime() + RELIST_MS);
    do {
      await deps.runner.sleep(POLL_MS);
      const there = await registry.resolve({ host, name, tag: lease }, { signal: deps.signal });
      if (there === undefined) return;
    } while (deps.now().getTime() < until);
  }

  /** Lists of some registries lag behind. */
  async function areThere(missing: readonly string[]): Promise<boolean> {
    const { host, name } = primary;
    for (const tag of missing) {
      const there = await registry.resolve({ host, name, tag }, { signal: deps.signal });
      if (there === undefined) return false;
    }
    return true;
  }
}

/**
 * What a cleanup may take for old: stages that others published before, here or elsewhere, and an index that is as old as
 * one of them.
 */
function foundTags({ stages, index }: PublishedImage): string[] {
  const found = stages.filter(({ source }) => source !== "uploaded");
  const isFound = index !== undefined && (!index.isNew || found.length > 0);
  return [...found.map(({ stageId }) => stageId), ...(isFound ? [index.stageId] : [])];
}

/** Whose cleanup goes on, and what ended meanwhile. A lease that nobody can read keeps every cleanup from running. */
async function readOthers(
  tags: ReadonlySet<string>,
  {
    registry,
    primary,
    facts,
  }: {
    readonly registry: Registry;
    readonly primary: Repository;
    readonly facts: Map<Digest, Facts>;
  },
  deps: CommandDeps,
): Promise<{ readonly cleaner?: Cleaner; readonly withdrawn: readonly string[] }> {
  const { run } = await deps.runner.identify();
  const { host, name } = primary;
  const others = [...tags].filter((tag) => isLeaseTag(tag) && !isLeaseOf(run, tag));
  const tagged = await mapParallel(others, deps.parallel, async (tag): Promise<InventoryTag> => {
    const there = await registry.resolve({ host, name, tag }, { signal: deps.signal });
    return { tag, class: { kind: "lease" }, ...(there && { digest: there.digest }) };
  });
  const home = { registry, repository: primary };
  const { leases, withdrawn } = await readLeases(tagged, () => home, facts, deps);
  const cleaner = leases.map(cleanerOf).find((found) => found !== undefined);
  return { ...(cleaner && { cleaner }), withdrawn };
}

interface Cleaner {
  /** Of its lease. */
  readonly tag: string;
  readonly holder: LeaseHolder;
}

function cleanerOf({ tag, lease, state }: FoundLease): Cleaner | undefined {
  if (lease === "unreadable" || lease.kind !== "cleanup" || state === "over") return undefined;
  return { tag, holder: lease.holder };
}
