import type { MigrationPlan, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { MigrationState } from "../../journal/migration-state.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { startProgress } from "./copy-progress.ts";
import { copyToTarget } from "./copy-to-target.ts";
import type { TargetResult } from "./copy-to-target.ts";
import { createCopyRun } from "./copy-run.ts";
import type { GatheredMigration } from "./request.ts";
import type { TagResult, TransferCounts } from "./result.ts";

/** What became of a plan. */
export interface Copied {
  /** One for each repository of the plan, in its order. */
  readonly tags: readonly (readonly TagResult[])[];
  readonly counts: TransferCounts;
  readonly warnings: readonly string[];
  /** Why it ended before its end, one line. */
  readonly brokeOff?: string;
}

/** Repositories of the target that are filled at a time: small ones would leave the line idle otherwise. */
const TARGETS_AT_ONCE = 4;

export const NOTHING_SENT: TransferCounts = {
  blobsSent: 0,
  bytesSent: 0,
  blobsMounted: 0,
  blobsPresent: 0,
  manifestsSent: 0,
  copiedByServer: 0,
};

/**
 * Carries out the plan of a migration. One item that fails does not stop the others; what needs it waits for the next run.
 *
 * Rejects when a registry refuses or is not to be reached before anything was sent, and with what is no failure of a
 * registry. An interruption ends it with what was done until then.
 */
export async function copyPlan(
  { plan, open }: GatheredMigration,
  state: MigrationState,
  deps: CommandDeps,
): Promise<Copied> {
  const run = createCopyRun(deps, { state, progress: startProgress(plan, deps) });
  const filled = await mapParallel(byTarget(plan), TARGETS_AT_ONCE, (plans) =>
    copyToTarget(plans, open, run),
  );
  const counts = filled.map((target) => target.counts).reduce(sum, NOTHING_SENT);
  const results = new Map(filled.flatMap(({ results: each }) => [...each]));
  const trouble = run.trouble();
  if (trouble !== undefined && isUntouched(counts) && !deps.signal.aborted) throw trouble;
  const lost = state.trouble();
  if (lost !== undefined) run.warn(lost);
  const brokeOff = run.brokeOff() ?? run.missed();
  return {
    tags: plan.repositories.map((planned) => results.get(planned) ?? []),
    counts,
    warnings: [...run.warnings],
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

/** Plans of one repository of the target together, in their order. */
function byTarget({
  repositories,
}: Pick<MigrationPlan, "repositories">): readonly (readonly RepositoryPlan[])[] {
  return [...Map.groupBy(repositories, ({ to }) => formatRepository(to)).values()];
}

function isUntouched(counts: TransferCounts): boolean {
  const { blobsSent, blobsMounted, manifestsSent, copiedByServer } = counts;
  return blobsSent + blobsMounted + manifestsSent + copiedByServer === 0;
}

function sum(one: TransferCounts, other: TargetResult["counts"]): TransferCounts {
  return {
    blobsSent: one.blobsSent + other.blobsSent,
    bytesSent: one.bytesSent + other.bytesSent,
    blobsMounted: one.blobsMounted + other.blobsMounted,
    blobsPresent: one.blobsPresent + other.blobsPresent,
    manifestsSent: one.manifestsSent + other.manifestsSent,
    copiedByServer: one.copiedByServer + other.copiedByServer,
  };
}
