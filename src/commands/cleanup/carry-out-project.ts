import type { Repository } from "../../oci/reference.ts";
import { carryOut } from "./cleanup.ts";
import type { CarryOutRequest } from "./cleanup.ts";
import type { CommandDeps } from "../deps.ts";
import type { CleanupPolicy } from "./policy.ts";
import type { Gathered } from "./gathered.ts";
import type { PlannedRole, Project } from "./gather-project.ts";
import type { CleanupResult } from "./result.ts";
import { nameOf, remainingOf, resultOfPlan } from "./result.ts";
import { createRunLock } from "./run-lock.ts";

export interface RoleResult {
  /** As options spell it: `repo`, `final-repo`. */
  readonly role: string;
  readonly repository: Repository;
  readonly result: CleanupResult;
}

/** Carries out all plans under one lock; once one of them broke off, the others are left as they are. */
export async function carryOutProject(
  { primary, copies, state }: Project,
  request: CarryOutRequest & { readonly policy: Pick<CleanupPolicy, "project"> },
  deps: CommandDeps,
): Promise<readonly RoleResult[]> {
  const { registry, repository } = primary.gathered.homes.stages;
  const { project } = request.policy;
  const lock = createRunLock({ registry, repository, project, waitMs: request.waitMs ?? 0 }, deps);
  const results = new Map<PlannedRole, CleanupResult>();
  const isFinal = ({ role }: PlannedRole): boolean => role === "final-repo";
  try {
    const finals = copies.filter(isFinal);
    for (const copy of finals) await settle(copy, () => Promise.resolve(watched(copy.gathered)));
    await settle(primary, () =>
      holding(primary.gathered, stagesHeldBy(finals, results, primary.gathered)),
    );
    state.isDone = true;
    for (const { tag } of results.get(primary)?.deleted ?? []) {
      if (tag !== undefined) state.gone.add(tag);
    }
    for (const copy of copies.filter((entry) => !isFinal(entry))) {
      await settle(copy, () => Promise.resolve(watched(copy.gathered)));
    }
  } finally {
    await lock.release();
    for (const message of lock.warnings) deps.report({ type: "warning.raised", message });
  }
  return [primary, ...copies].map((entry) => ({
    role: entry.role,
    repository: entry.gathered.plan.repository,
    result: results.get(entry) ?? untouched(entry.gathered),
  }));

  /** An error after the first change of the run is told with what was done; before it, nothing was changed. */
  async function settle(entry: PlannedRole, prepare: () => Promise<Gathered>): Promise<void> {
    const before = [...results.values()];
    const isStopped = before.some(({ brokeOff }) => brokeOff !== undefined);
    if (isStopped || deps.signal.aborted) return;
    try {
      const gathered = await prepare();
      const { registry } = gathered.homes.stages;
      const options = { ...request, lock };
      results.set(entry, await carryOut(gathered.plan, gathered, registry, options, deps));
    } catch (error) {
      const isUntouched = before.every(
        ({ deleted, failed }) => deleted.length === 0 && failed.length === 0,
      );
      if (isUntouched || !(error instanceof Error)) throw error;
      results.set(entry, { ...untouched(entry.gathered), brokeOff: error.message });
    }
  }

  /** A copy whose every new plan, and whose every look at leases, goes by the primary as it is by then. */
  function watched(gathered: Gathered): Gathered {
    return {
      ...gathered,
      leases: primary.gathered.leases,
      rereadHistory: primary.gathered.rereadHistory,
      async hasNewUses() {
        const news = [await primary.gathered.hasNewUses(), await gathered.hasNewUses()];
        return news.includes(true);
      },
      async replan(held, gone) {
        state.plan = (await primary.gathered.replan(new Set(), state.gone)) ?? state.plan;
        return gathered.replan(held, gone);
      },
    };
  }
}

/** Stages that what stays in a final repository, though it was planned to go, is about. */
function stagesHeldBy(
  finals: readonly PlannedRole[],
  results: ReadonlyMap<PlannedRole, CleanupResult>,
  { findings: { customTags } }: Gathered,
): ReadonlySet<string> {
  const stageOf = new Map(customTags.map(({ tag, stageId }) => [tag, stageId]));
  const stays = finals.flatMap((entry) => {
    const result = results.get(entry) ?? untouched(entry.gathered);
    const gone = new Set(result.deleted.map(nameOf));
    return resultOfPlan(entry.gathered.plan)
      .deleted.map(nameOf)
      .filter((name) => !gone.has(name));
  });
  return new Set(stays.map((name) => stageOf.get(name) ?? name));
}

/** The plan for the primary as if the stages were in the keep list. */
async function holding(gathered: Gathered, held: ReadonlySet<string>): Promise<Gathered> {
  if (held.size === 0) return gathered;
  const plan = (await gathered.replan(held, new Set())) ?? gathered.plan;
  return {
    ...gathered,
    plan: { ...plan, warnings: gathered.plan.warnings },
    replan: (stays, gone) => gathered.replan(new Set([...held, ...stays]), gone),
  };
}

/** What is told of a repository that the run did not get to. */
function untouched({ plan }: Gathered): CleanupResult {
  const result = { ...resultOfPlan(plan), dryRun: false, deleted: [] };
  return { ...result, remaining: remainingOf(result) };
}
