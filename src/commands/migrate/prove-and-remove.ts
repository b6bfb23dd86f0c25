import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { CommandDeps } from "../deps.ts";
import type { Copied } from "./copy.ts";
import type { MigrateRequest } from "./migrate.ts";
import { removeSource } from "./remove-source.ts";
import type { GatheredMigration } from "./request.ts";
import type { Removal, RepositoryResult, Verification } from "./result.ts";
import { verifyRepository } from "./verify.ts";

/** What came of looking at the target and of emptying the source. */
interface Ended {
  /** One for each repository of the plan, in its order, as far as it came. */
  readonly repositories: readonly Pick<RepositoryResult, "verification" | "removal">[];
  /** Why it ended before its end, one line. */
  readonly brokeOff?: string;
}

/**
 * Verifies and removes, as far as either was asked for. Nothing goes before all of the target was looked at; a copying
 * that broke off, or a target that does not answer, leaves the source as it is.
 */
export async function proveAndRemove(
  { plan, open }: GatheredMigration,
  {
    request: { verify, removal },
    copied,
  }: { readonly request: Pick<MigrateRequest, "verify" | "removal">; readonly copied: Copied },
  deps: CommandDeps,
): Promise<Ended> {
  if ((!verify && removal === undefined) || copied.brokeOff !== undefined) {
    return { repositories: [] };
  }
  const verifications: Verification[] = [];
  const removals: Removal[] = [];
  const together = (): Ended["repositories"] =>
    plan.repositories.map((_, at) => ({
      ...(verifications[at] === undefined ? {} : { verification: verifications[at] }),
      ...(removals[at] === undefined ? {} : { removal: removals[at] }),
    }));
  const verified = countVerified(plan.repositories, deps);
  try {
    for (const planned of plan.repositories) {
      const { to } = open(planned);
      verifications.push(await verifyRepository(planned, to, { ...deps, verified }));
    }
    if (removal === undefined) return { repositories: together() };
    for (const [at, planned] of plan.repositories.entries()) {
      const { from, to, project, tags } = planned;
      const proved = new Map(
        tags.flatMap(({ tag, digest }) =>
          verifications[at]?.proved.has(tag) === true ? [[tag, digest] as const] : [],
        ),
      );
      const about = { from, to, proved, policy: removal, ...(project && { project }) };
      removals.push(await removeSource(about, deps));
    }
    return { repositories: together() };
  } catch (error) {
    if (deps.signal.aborted) {
      return { repositories: together(), brokeOff: "the run was interrupted" };
    }
    if (!isRegistryError(error)) throw error;
    return { repositories: together(), brokeOff: error.message };
  }
}

function countVerified(
  repositories: readonly RepositoryPlan[],
  { report }: Pick<CommandDeps, "report">,
): () => void {
  const total = repositories.reduce((sum, { tags }) => sum + tags.length, 0);
  report({ type: "phase.started", phase: "verifying", total });
  let done = 0;
  return () => {
    done += 1;
    report({ type: "phase.advanced", phase: "verifying", done });
  };
}
