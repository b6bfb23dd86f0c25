import type { Namespace, Repository } from "../oci/reference.ts";
import { formatRepository } from "../oci/reference.ts";
import type { CleanupRequest } from "./cleanup.ts";
import { carryOut, openViolations, refuseKubernetes, resultWhenDisabled } from "./cleanup.ts";
import type { CommandDeps } from "./deps.ts";
import { GuardError, UsageError } from "./error.ts";
import type { CleanupPolicy, Gathered } from "./gather-cleanup.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { CleanupResult } from "./result.ts";
import { resultOfPlan } from "./result.ts";

/** A cleanup of every repository at or below a namespace. */
export interface CleanupSetRequest extends Omit<CleanupRequest, "policy" | "savePlan"> {
  readonly namespace: Namespace;
  readonly policy: Omit<CleanupPolicy, "repository">;
}

export interface RepositoryResult {
  readonly repository: Repository;
  readonly result: CleanupResult;
}

/**
 * Cleans every repository at or below a namespace by one policy.
 *
 * Every repository is planned before the first one is changed, and an objection of a guard to one of them stops all. A
 * repository that another project owns is left as it is, with a warning. The results come in the order of the names.
 */
export async function runCleanupSet(
  request: CleanupSetRequest,
  deps: CommandDeps,
): Promise<readonly RepositoryResult[]> {
  if (!request.disabled) refuseKubernetes(request);
  const { namespace } = request;
  await using registry = await deps.openRegistry(namespace);
  deps.report({ type: "phase.started", phase: "listing repositories" });
  const found = await Array.fromAsync(
    registry.listRepositories(namespace.name, { signal: deps.signal }),
  );
  const repositories = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (repositories.length === 0) {
    throw new UsageError(
      `no repository lies at or below ${formatRepository(namespace)}; check the address, and whether the credentials may list repositories`,
    );
  }
  const prepared: Prepared[] = [];
  for (const repository of repositories) {
    const policy = { ...request.policy, repository };
    if (request.disabled) {
      const result = await resultWhenDisabled({ policy, dryRun: request.dryRun }, registry, deps);
      prepared.push({ repository, result });
    } else {
      // The history is read again after each listing: no record of it then names a commit that is too new.
      prepared.push({ repository, gathered: await gatherCleanup(registry, policy, deps) });
    }
  }
  const judged = prepared.map((entry) => judge(entry, request));
  if (!request.dryRun) refuseAny(judged);
  const results: RepositoryResult[] = [];
  for (const { repository, gathered, result } of judged) {
    if (gathered === undefined || request.dryRun) results.push({ repository, result });
    else if (deps.signal.aborted) results.push({ repository, result: untouched(result) });
    else {
      const { plan } = gathered;
      results.push({ repository, result: await carryOut(plan, gathered, registry, request, deps) });
    }
  }
  return results;
}

interface Prepared {
  readonly repository: Repository;
  readonly gathered?: Gathered;
  readonly result?: CleanupResult;
}

interface Judged {
  readonly repository: Repository;
  /** Absent when nothing is to be done here. */
  readonly gathered?: Gathered;
  /** What a dry run answers. */
  readonly result: CleanupResult;
}

/** What guards say about one repository. */
function judge({ repository, gathered, result }: Prepared, request: CleanupSetRequest): Judged {
  if (result !== undefined) return { repository, result };
  if (gathered === undefined) throw new Error(`${formatRepository(repository)} was not planned`);
  const violations = openViolations(gathered, request);
  const planned = resultOfPlan(gathered.plan);
  const foreign = violations.find(({ guard }) => guard === "other-project");
  if (foreign === undefined) return { repository, gathered, result: { ...planned, violations } };
  const warning = `${formatRepository(repository)} is left as it is: ${foreign.message}`;
  return {
    repository,
    result: { ...untouched(planned), warnings: [...planned.warnings, warning] },
  };
}

/** Nothing is deleted, whatever was planned. */
function untouched(result: CleanupResult): CleanupResult {
  return { ...result, dryRun: false, deleted: [], failed: [], skipped: [] };
}

/** Throws for the first open violation, and names its repository. */
function refuseAny(judged: readonly Judged[]): void {
  for (const { repository, result } of judged) {
    const [first] = result.violations;
    if (first === undefined) continue;
    const way =
      first.guard === "max-delete" ? "" : `; --allow ${first.guard} lets this run through`;
    throw new GuardError(
      first.guard,
      `${formatRepository(repository)}: ${first.message}${way}; no repository was changed`,
    );
  }
}
