import { carryOutProject } from "./carry-out-project.ts";
import type { RoleResult } from "./carry-out-project.ts";
import type { CleanupRequest } from "./cleanup.ts";
import { openViolations, resultWhenDisabled } from "./cleanup.ts";
import { refuseSharedRoles } from "./copies.ts";
import type { ProjectRepositories } from "./copies.ts";
import type { CommandDeps } from "../deps.ts";
import { gatherProject, openCopies } from "./gather-project.ts";
import type { Copy } from "./gather-project.ts";
import type { Home } from "./homes.ts";
import { resultOfPlan } from "./result.ts";
import { refuseAny } from "./refuse.ts";

/** A cleanup of all repositories of a project. */
export interface ProjectCleanupRequest
  extends Omit<CleanupRequest, "savePlan">, ProjectRepositories {
  /** Called with what is planned before anything is changed; throws to stop the run. */
  readonly confirm?: (planned: readonly RoleResult[]) => Promise<void>;
}

/**
 * Cleans the primary repository of a project and those that hold copies of its stages.
 *
 * All are planned before the first is changed, under one lock on the primary. A copy keeps a stage that the primary keeps,
 * that something uses, or that is in the keep list. Final repositories go first, so that a custom tag there is gone before
 * its record in the primary is; what stays there keeps its stage. Caches come last: they keep what the primary has left.
 */
export async function runProjectCleanup(
  request: ProjectCleanupRequest,
  deps: CommandDeps,
): Promise<readonly RoleResult[]> {
  const { policy, dryRun } = request;
  refuseSharedRoles(policy, request);
  const home: Home = {
    registry: await deps.openRegistry(policy.repository),
    repository: policy.repository,
  };
  const copies = await openCopies(request.copies, deps);
  if (request.disabled) return resultsWhenDisabled(request, home, copies, deps);

  const project = await gatherProject(policy, home, copies, deps);
  const planned = [project.primary, ...project.copies].map(({ role, gathered }) => ({
    role,
    repository: gathered.plan.repository,
    result: { ...resultOfPlan(gathered.plan), violations: openViolations(gathered, request) },
  }));
  if (dryRun) return planned;
  refuseAny(planned);
  await request.confirm?.(planned);
  return await carryOutProject(project, request, deps);
}

async function resultsWhenDisabled(
  { policy, dryRun }: ProjectCleanupRequest,
  primary: Home,
  copies: readonly Copy[],
  deps: CommandDeps,
): Promise<readonly RoleResult[]> {
  const results: RoleResult[] = [];
  const homes = [
    { role: "repo", home: primary },
    ...copies.map(({ target: { role }, home }) => ({ role, home })),
  ];
  for (const { role, home } of homes) {
    const { repository, registry } = home;
    const own = { policy: { ...policy, repository }, dryRun };
    results.push({ role, repository, result: await resultWhenDisabled(own, registry, deps) });
  }
  return results;
}
