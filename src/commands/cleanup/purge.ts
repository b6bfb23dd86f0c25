import type { CommandDeps } from "../deps.ts";
import type { CleanupPolicy } from "./policy.ts";
import { runProjectCleanup } from "./project-cleanup.ts";
import type { RoleResult } from "./carry-out-project.ts";
import type { ProjectCleanupRequest } from "./project-cleanup.ts";

export type PurgeRequest = Omit<ProjectCleanupRequest, "disabled">;

/**
 * Removes everything the project owns in its repositories: stages, records, custom tags. What clusters use, the keep list
 * and running publishers need stays, with all that it needs; so does what the project does not own, and journals.
 *
 * A cleanup without policies: same order, same lock, same journal, same guards but for the one that misses what is kept.
 */
export async function runPurge(
  request: PurgeRequest,
  deps: CommandDeps,
): Promise<readonly RoleResult[]> {
  const policy = purgePolicy(request.policy);
  return runProjectCleanup({ ...request, policy, disabled: false }, deps);
}

function purgePolicy(policy: CleanupPolicy): CleanupPolicy {
  const { journalKeepMs: _, ...rest } = policy;
  return {
    ...rest,
    gitHistory: false,
    fetch: false,
    policies: [],
    rules: [],
    builtInPolicies: true,
    keepBuiltWithinHours: 0,
    purge: true,
  };
}
