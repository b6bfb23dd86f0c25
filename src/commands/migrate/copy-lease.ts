import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import { putRecord } from "../../registry/put-record.ts";
import type { Registry } from "../../registry/registry.ts";
import { leaseRecord, leaseTag } from "../../stages/lease.ts";
import { isRefusal, removeLease, tryDeletion } from "../cleanup/run-lease.ts";
import type { WrittenLease } from "../cleanup/run-lease.ts";
import type { CopyRun } from "./copy-run.ts";

/** Keeps what arrives in the target from a cleanup there, until the records that tell of it are there too. */
export interface CopyLease {
  /** Writes it anew when it ends soon. */
  keepUp(): Promise<void>;
  /** Takes it back. What could not be taken back is a warning. */
  release(): Promise<void>;
}

/** How long it lasts when its run dies, and how long before its end it is renewed. Milliseconds. */
const LEASE_MS = 2 * 3_600_000;
const RENEW_MS = 3_600_000;

export interface LeasePlace {
  readonly registry: Registry;
  readonly repository: Repository;
  readonly project: string;
  /** When a blob is there: every record has a layer in common with it. */
  readonly arrives: (digest: Digest) => void;
}

const NONE: CopyLease = { keepUp: () => Promise.resolve(), release: () => Promise.resolve() };

/**
 * Writes a lease of these tags into the target. It also tells the next run that one began here. Where the registry takes
 * none, or would not let it be taken back, there is none: then the state file alone tells that, and what a cleanup took
 * meanwhile is sent again in the end.
 *
 * @param tags Of stages and indexes.
 */
export async function takeCopyLease(
  tags: readonly string[],
  place: LeasePlace,
  { deps, warn }: CopyRun,
): Promise<CopyLease> {
  if (tags.length === 0) return NONE;
  const { registry, repository, project } = place;
  const { tagDeletion, manifestDeletion } = registry.capabilities;
  if (tagDeletion === "none" && manifestDeletion === "none") return NONE;
  const holder = await deps.runner.identify();
  if ((await tryDeletion(place, undefined, holder)) !== undefined) return NONE;
  const since = deps.now().getTime();
  const written: WrittenLease[] = [];
  let renewing: Promise<void> | undefined;
  let isLost = false;
  try {
    await write();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return NONE;
  }

  return {
    async keepUp() {
      const { until } = written.at(-1) ?? { until: 0 };
      if (isLost || deps.now().getTime() < until - RENEW_MS) return;
      renewing ??= renew().finally(() => (renewing = undefined));
      await renewing;
    },
    async release() {
      for (const lease of written) {
        const error = await removeLease(place, lease);
        if (error === undefined) continue;
        const end = new Date(lease.until).toISOString();
        const address = formatRepository(repository);
        warn(`the lease ${address}:${lease.tag}, which ends at ${end}, stays: ${error.message}`);
      }
    },
  };

  /** Without it the run goes on: what a cleanup takes is sent again in the end. */
  async function renew(): Promise<void> {
    try {
      await write();
    } catch (error) {
      deps.signal.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      isLost = true;
      const address = formatRepository(repository);
      warn(`what arrives in ${address} is not held by a lease any more: ${error.message}`);
    }
  }

  async function write(): Promise<void> {
    const { host, name } = repository;
    const renewals = written.length;
    const tag = leaseTag(holder.run, renewals);
    const until = deps.now().getTime() + LEASE_MS;
    const lease = { kind: "publish", holder, since, until, stages: tags } as const;
    const record = leaseRecord(project, lease, renewals);
    const { signal } = deps;
    const { digest } = await putRecord(registry, { host, name, tag }, record, { signal });
    for (const { descriptor } of record.blobs) place.arrives(descriptor.digest);
    written.push({ tag, digest, since, until });
  }
}
