import { putRecord } from "../../registry/put-record.ts";
import { leaseRecord, leaseTag } from "../../stages/lease.ts";
import { isRefusal, removeLease, tryDeletion } from "../cleanup/run-lease.ts";
import type { Run } from "./run.ts";

/** Keeps existing stages from a cleanup while this run still has to name them. */
export interface PublishLease {
  /** Takes it back. What could not be taken back is a warning. */
  release(): Promise<void>;
}

/** How long it lasts when its run dies: long enough for any upload. Milliseconds. */
const LEASE_MS = 2 * 3_600_000;

const NONE: PublishLease = { release: () => Promise.resolve() };

/**
 * Writes a lease of these stages into the primary repository. Where the registry takes none, or would not let it be taken
 * back, there is none: a stage stays for some hours after it was built, and what is gone at the end is published anew.
 */
export async function takeLease(stages: readonly string[], run: Run): Promise<PublishLease> {
  const { project, places, deps, warn } = run;
  const { registry, repository, address, listing } = places.primary;
  if (stages.length === 0) return NONE;
  const place = { registry, repository, project };
  const holder = await deps.runner.identify();
  if ((await tryDeletion(place, undefined, holder)) !== undefined) return NONE;
  const since = deps.now().getTime();
  const tag = leaseTag(holder.run, 0);
  const lease = { kind: "publish", holder, since, until: since + LEASE_MS, stages } as const;
  const { host, name } = repository;
  try {
    const record = leaseRecord(project, lease, 0);
    const { digest } = await putRecord(registry, { host, name, tag }, record, {
      signal: deps.signal,
    });
    return { release: () => release({ tag, digest }) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return NONE;
  }

  async function release(written: Parameters<typeof removeLease>[1]): Promise<void> {
    const error = await removeLease(place, written);
    listing.remove(tag);
    if (error === undefined) return;
    const end = new Date(lease.until).toISOString();
    warn(`the lease ${address}:${tag}, which ends at ${end}, stays: ${error.message}`);
  }
}
