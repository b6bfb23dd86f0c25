import type { Primary } from "../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../engine/cleanup/plan.ts";
import type { Repository } from "../oci/reference.ts";
import { formatRepository } from "../oci/reference.ts";
import type { CleanupRequest } from "./cleanup.ts";
import { carryOut, openViolations, resultWhenDisabled } from "./cleanup.ts";
import { copyPolicy, factsForCopies, primaryOf, refuseSharedRoles } from "./copies.ts";
import type { CopyTarget, ProjectRepositories } from "./copies.ts";
import type { CommandDeps } from "./deps.ts";
import { GuardError } from "./error.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { CleanupPolicy, Gathered } from "./gather-cleanup.ts";
import { listHomes } from "./homes.ts";
import type { Home, HomeListing } from "./homes.ts";
import type { CleanupResult } from "./result.ts";
import { nameOf, remainingOf, resultOfPlan } from "./result.ts";
import { createRunLock } from "./run-lock.ts";
import type { RunLock } from "./run-lock.ts";

/** A cleanup of all repositories of a project. */
export interface ProjectCleanupRequest
  extends Omit<CleanupRequest, "savePlan">, ProjectRepositories {
  /** Called with what is planned before anything is changed; throws to stop the run. */
  readonly confirm?: (planned: readonly RoleResult[]) => Promise<void>;
}

export interface RoleResult {
  /** As options spell it: `repo`, `final-repo`. */
  readonly role: string;
  readonly repository: Repository;
  readonly result: CleanupResult;
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
  const copies: Copy[] = [];
  for (const target of request.copies) {
    const { repository, role } = target;
    copies.push({
      target,
      home: { registry: await deps.openRegistry(repository, role), repository },
    });
  }
  if (request.disabled) return resultsWhenDisabled(request, home, copies, deps);

  const project = await gatherProject(request, home, copies, deps);
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

interface Copy {
  readonly target: CopyTarget;
  readonly home: Home;
}

interface PlannedRole {
  readonly role: string;
  readonly gathered: Gathered;
}

interface Project {
  readonly primary: PlannedRole;
  readonly copies: readonly PlannedRole[];
  /** What the primary has become; copies ask it before each decision. */
  readonly state: PrimaryState;
}

/** What is known about the primary while copies are cleaned. */
interface PrimaryState {
  plan: CleanupPlan;
  /** Whether the primary was cleaned: then whatever is left there stays in the copies too. */
  isDone: boolean;
  readonly gone: Set<string>;
}

/** Plans every repository. Copies are listed first: what is not yet in the primary then was not copied from it. */
async function gatherProject(
  { policy }: ProjectCleanupRequest,
  { registry }: Home,
  copies: readonly Copy[],
  deps: CommandDeps,
): Promise<Project> {
  const listings = new Map<Copy, HomeListing>();
  for (const copy of copies) listings.set(copy, await listHomes({ stages: copy.home }, deps));
  const known = alsoUsedAs(
    policy,
    copies.map(({ target }) => target.repository),
  );
  const gathered = await gatherCleanup(registry, known, deps);
  const state: PrimaryState = { plan: gathered.plan, isDone: false, gone: new Set() };
  const primary = async (): Promise<Primary> =>
    primaryOf(gathered, state.plan, state.isDone ? state.gone : undefined);
  const planned: PlannedRole[] = [];
  for (const copy of copies) {
    const listing = listings.get(copy);
    const own = await gatherCleanup(copy.home.registry, copyPolicy(policy, copy.target), deps, {
      primary,
      facts: factsForCopies(gathered.facts),
      ...(listing === undefined ? {} : { listing }),
    });
    planned.push({ role: copy.target.role, gathered: own });
  }
  return { primary: { role: "repo", gathered }, copies: planned, state };
}

/** A stage that is used in a copy stays in the primary too, and so do its records and its other copies. */
function alsoUsedAs(policy: CleanupPolicy, copies: readonly Repository[]): CleanupPolicy {
  const { usage, repository } = policy;
  if (usage === undefined) return policy;
  const aliases = [...usage.aliases, { of: repository, at: copies }];
  return { ...policy, usage: { ...usage, aliases } };
}

/** Carries out all plans under one lock; once one of them broke off, the others are left as they are. */
async function carryOutProject(
  { primary, copies, state }: Project,
  request: ProjectCleanupRequest,
  deps: CommandDeps,
): Promise<readonly RoleResult[]> {
  const { registry, repository } = primary.gathered.homes.stages;
  const { project } = request.policy;
  const lock = createRunLock({ registry, repository, project, waitMs: request.waitMs ?? 0 }, deps);
  const results = new Map<PlannedRole, CleanupResult>();
  const isFinal = ({ role }: PlannedRole): boolean => role === "final-repo";
  try {
    for (const copy of copies.filter(isFinal)) await settle(copy, watched(copy.gathered));
    const held = stagesHeldBy(copies.filter(isFinal), results, primary.gathered);
    await settle(primary, await holding(primary.gathered, held));
    state.isDone = true;
    for (const { tag } of results.get(primary)?.deleted ?? []) {
      if (tag !== undefined) state.gone.add(tag);
    }
    for (const copy of copies.filter((entry) => !isFinal(entry))) {
      await settle(copy, watched(copy.gathered));
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

  async function settle(entry: PlannedRole, gathered: Gathered): Promise<void> {
    const stopped = results.values().some(({ brokeOff }) => brokeOff !== undefined);
    if (stopped || deps.signal.aborted) return;
    results.set(entry, await carryOutOne(gathered, { lock, request, results }, deps));
  }

  /** A copy whose every new plan, and whose every look at leases, goes by the primary as it is by then. */
  function watched(gathered: Gathered): Gathered {
    return {
      ...gathered,
      leases: primary.gathered.leases,
      rereadHistory: primary.gathered.rereadHistory,
      async replan(held, gone) {
        state.plan = (await primary.gathered.replan(new Set(), state.gone)) ?? state.plan;
        return gathered.replan(held, gone);
      },
    };
  }
}

/** An error after the first change of the run is told with what was done; before it, nothing was changed. */
async function carryOutOne(
  gathered: Gathered,
  {
    lock,
    request,
    results,
  }: {
    readonly lock: RunLock;
    readonly request: ProjectCleanupRequest;
    readonly results: ReadonlyMap<PlannedRole, CleanupResult>;
  },
  deps: CommandDeps,
): Promise<CleanupResult> {
  const { plan, homes } = gathered;
  try {
    return await carryOut(plan, gathered, homes.stages.registry, { ...request, lock }, deps);
  } catch (error) {
    const isUntouched = results
      .values()
      .every(({ deleted, failed }) => deleted.length === 0 && failed.length === 0);
    if (isUntouched || !(error instanceof Error)) throw error;
    return { ...untouched(gathered), brokeOff: error.message };
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

/** What is told of a repository that the run did not get to. */
function untouched({ plan }: Gathered): CleanupResult {
  const result = { ...resultOfPlan(plan), dryRun: false, deleted: [] };
  return { ...result, remaining: remainingOf(result) };
}

/** Throws for the first open violation, and names its repository. */
function refuseAny(planned: readonly RoleResult[]): void {
  for (const { repository, result } of planned) {
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
