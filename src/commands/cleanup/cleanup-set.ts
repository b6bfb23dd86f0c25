import type { Repository } from "../../oci/reference.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CleanupRequest } from "./cleanup.ts";
import { carryOut, openViolations, resultWhenDisabled } from "./cleanup.ts";
import type { CommandDeps } from "../deps.ts";
import type { CleanupPolicy } from "./policy.ts";
import type { Gathered } from "./gathered.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { Home } from "./homes.ts";
import type { CleanupResult } from "./result.ts";
import { resultOfPlan } from "./result.ts";
import { refuseAny } from "./refuse.ts";
import { findPlaces } from "./targets.ts";
import type { CleanupTarget } from "./targets.ts";

/** A cleanup of several repositories. */
export interface CleanupSetRequest extends Omit<CleanupRequest, "policy" | "savePlan"> {
  readonly targets: readonly CleanupTarget[];
  readonly policy: Omit<CleanupPolicy, "repository">;
}

export interface RepositoryResult {
  readonly repository: Repository;
  readonly result: CleanupResult;
}

/**
 * Cleans several repositories by one policy.
 *
 * Every repository is planned before the first one is changed, and an objection of a guard to one of them stops all. A
 * repository that another project owns is left as it is, with a warning. The results come in the order of the names.
 */
export async function runCleanupSet(
  request: CleanupSetRequest,
  deps: CommandDeps,
): Promise<readonly RepositoryResult[]> {
  const prepared: Prepared[] = [];
  for (const place of await findPlaces(request.targets, deps)) {
    const { repository, registry } = place;
    const policy = { ...request.policy, repository };
    if (request.disabled) {
      const result = await resultWhenDisabled({ policy, dryRun: request.dryRun }, registry, deps);
      prepared.push({ ...place, result });
    } else {
      // The history is read again after each listing: no record of it then names a commit that is too new.
      prepared.push({ ...place, gathered: await gatherCleanup(registry, policy, deps) });
    }
  }
  const judged = prepared.map((entry) => judge(entry, request));
  if (!request.dryRun) refuseAny(judged);
  const results: RepositoryResult[] = [];
  for (const { repository, registry, gathered, result } of judged) {
    if (gathered === undefined || request.dryRun) results.push({ repository, result });
    else if (deps.signal.aborted) results.push({ repository, result: untouched(result) });
    else {
      const { plan } = gathered;
      results.push({ repository, result: await carryOut(plan, gathered, registry, request, deps) });
    }
  }
  return results;
}

interface Prepared extends Home {
  readonly gathered?: Gathered;
  readonly result?: CleanupResult;
}

interface Judged extends Home {
  /** Absent when nothing is to be done here. */
  readonly gathered?: Gathered;
  /** What a dry run answers. */
  readonly result: CleanupResult;
}

/** What guards say about one repository. */
function judge(
  { repository, registry, gathered, result }: Prepared,
  request: CleanupSetRequest,
): Judged {
  const place = { repository, registry };
  if (result !== undefined) return { ...place, result };
  if (gathered === undefined) throw new Error(`${formatRepository(repository)} was not planned`);
  const violations = openViolations(gathered, request);
  const planned = resultOfPlan(gathered.plan);
  const foreign = violations.find(({ guard }) => guard === "other-project");
  if (foreign === undefined) return { ...place, gathered, result: { ...planned, violations } };
  const warning = `${formatRepository(repository)} is left as it is: ${foreign.message}`;
  return {
    ...place,
    result: { ...untouched(planned), warnings: [...planned.warnings, warning] },
  };
}

/** Nothing is deleted, whatever was planned. */
function untouched(result: CleanupResult): CleanupResult {
  return { ...result, dryRun: false, deleted: [], failed: [], skipped: [] };
}
