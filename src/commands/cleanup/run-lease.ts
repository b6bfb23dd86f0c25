import { digestOf } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { RegistryError } from "../../registry/error.ts";
import { putRecord } from "../../registry/put-record.ts";
import type { Registry } from "../../registry/registry.ts";
import { leaseRecord, leaseTag } from "../../stages/lease.ts";
import type { Lease, LeaseHolder } from "../../stages/lease.ts";

/** A lease that this run has written into the repository. */
export interface WrittenLease {
  readonly tag: string;
  readonly digest: Digest;
  readonly since: number;
  readonly until: number;
}

interface Place {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly project: string;
}

/** How long a cleanup's lease lasts. Longer than any batch takes, with all its waits. Milliseconds. */
const LEASE_MS = 600_000;

/** How long before its end a lease is renewed. Milliseconds. */
export const RENEW_MS = 420_000;

/** Writes a lease under a tag of its own. */
export async function writeLease(
  { registry, repository: { host, name }, project }: Place,
  {
    holder,
    since,
    now,
    renewals,
  }: {
    readonly holder: LeaseHolder;
    readonly since: number;
    readonly now: number;
    readonly renewals: number;
  },
  signal: AbortSignal,
): Promise<WrittenLease> {
  const lease: Lease = { kind: "cleanup", holder, since, until: now + LEASE_MS, stages: [] };
  const tag = leaseTag(holder.run, renewals);
  const record = leaseRecord(project, lease, renewals);
  const { digest } = await putRecord(registry, { host, name, tag }, record, { signal });
  return { tag, digest, since, until: lease.until };
}

/** Whether a lease is where it was written. */
export async function isLeaseThere(
  { registry, repository: { host, name } }: Place,
  { tag, digest }: Pick<WrittenLease, "tag" | "digest">,
  signal: AbortSignal,
): Promise<boolean> {
  const found = await registry.resolve({ host, name, tag }, { signal });
  return found?.digest === digest;
}

/**
 * Removes a lease; answers why it could not. Goes on when the run is interrupted: a lease that stays makes others wait.
 */
export async function removeLease(
  { registry, repository }: Place,
  { tag, digest }: { readonly tag: string; readonly digest: Digest },
): Promise<RegistryError | undefined> {
  try {
    const outcomes =
      registry.capabilities.manifestDeletion === "none"
        ? registry.deleteTags(repository, [tag])
        : registry.deleteManifests(repository, [digest], { tags: new Map([[digest, [tag]]]) });
    for await (const outcome of outcomes) {
      if (outcome.status === "failed") return outcome.error;
    }
    return undefined;
  } catch (error) {
    if (isRegistryError(error)) return error;
    throw error;
  }
}

/**
 * Deletes a lease that is over, or else, where one request tells, a manifest that nobody has: answers why the registry would
 * not. `undefined` also where nothing could be tried.
 */
export async function tryDeletion(
  place: Place,
  over: { readonly tag: string; readonly digest: Digest } | undefined,
  { run }: LeaseHolder,
): Promise<RegistryError | undefined> {
  if (over !== undefined) return removeLease(place, over);
  if (place.registry.capabilities.manifestDeletion !== "distribution") return undefined;
  const digest = digestOf(new TextEncoder().encode(`nothing of run ${run}`));
  return removeLease(place, { tag: leaseTag(run, 0), digest });
}

/** Whether a registry will not take a lease, however often it is asked. */
export function isRefusal(error: unknown): error is RegistryError {
  return isRegistryError(error) && error.code !== "unavailable" && error.code !== "rate-limited";
}
