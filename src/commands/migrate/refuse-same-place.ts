import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry, TagEntry } from "../../registry/registry.ts";
import { isRefusal, removeLease, writeLease } from "../cleanup/run-lease.ts";
import type { WrittenLease } from "../cleanup/run-lease.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";

/** Both sides of a migration that is about to remove something. */
export interface BothSides {
  readonly from: Place;
  readonly to: Place;
  readonly project: string;
  /** What is in the source and was not proved to be in the target. */
  readonly others: readonly TagEntry["tag"][];
}

interface Place {
  readonly registry: Registry;
  readonly repository: Repository;
}

/** Tags that are looked for on both sides before anything is written. */
const MAX_LOOKS = 3;

/** Far beyond what a run's own lease gets to: the two never have one tag. */
const RENEWALS = 1_000_000;

/**
 * Refuses to remove from a repository that is the target too, by another name of its host or through a cache: everything
 * would be proved there, and it would be the only copy. Rejects with `GuardError("same-place")`, also where that cannot be
 * found out.
 *
 * They are two where one has a tag that the other lacks. Where nothing tells, a lease is written into the source for a
 * moment, and looked for in the target.
 */
export async function refuseSamePlace(
  { from, to, project, others }: BothSides,
  deps: Pick<CommandDeps, "now" | "report" | "runner" | "signal">,
): Promise<void> {
  for (const tag of others.slice(0, MAX_LOOKS)) {
    if (!(await has(to, tag)) && (await has(from, tag))) return;
  }
  const now = deps.now().getTime();
  const holder = await deps.runner.identify();
  const lease = await write({ holder, since: now, now, renewals: RENEWALS });
  try {
    if (!(await has(to, lease.tag))) return;
  } finally {
    const error = await removeLease({ ...from, project }, lease);
    if (error !== undefined) {
      const address = `${formatRepository(from.repository)}:${lease.tag}`;
      deps.report({
        type: "warning.raised",
        message: `the lease ${address} stays: ${error.message}`,
      });
    }
  }
  throw refused(
    `${formatRepository(from.repository)} and ${formatRepository(to.repository)} are one repository: what is written to one is in the other; it would be the only copy`,
  );

  async function write(times: Parameters<typeof writeLease>[1]): Promise<WrittenLease> {
    try {
      return await writeLease({ ...from, project }, times, deps.signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw refused(
        `nobody can tell whether ${formatRepository(from.repository)} and ${formatRepository(to.repository)} are one repository: ${error.message}; let this run write to the source, or empty it by a purge`,
      );
    }
  }

  async function has({ registry, repository }: Place, tag: string): Promise<boolean> {
    const { host, name } = repository;
    return (await registry.resolve({ host, name, tag }, { signal: deps.signal })) !== undefined;
  }
}

function refused(message: string): GuardError {
  return new GuardError("same-place", message);
}
