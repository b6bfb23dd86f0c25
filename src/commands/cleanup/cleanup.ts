import type { DeletionLimit, GuardName, Violation } from "../../engine/cleanup/guards.ts";
import { RECORD_COUNTS_LABEL, checkGuards, recordCounts } from "../../engine/cleanup/guards.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import { formatRepository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import { putRecord } from "../../registry/put-record.ts";
import type { Registry } from "../../registry/registry.ts";
import { lastCleanupLabels, recordImage } from "../../stages/record.ts";
import { applyCleanup } from "./apply-cleanup.ts";
import type { Applied } from "./apply-cleanup.ts";
import { applyParts } from "./apply-parts.ts";
import type { CommandDeps } from "../deps.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { CleanupPolicy } from "./policy.ts";
import type { Gathered } from "./gathered.ts";
import type { Home } from "./homes.ts";
import { listTags, resolveTags } from "./inventory.ts";
import type { CleanupResult } from "./result.ts";
import { remainingOf, resultOfPlan } from "./result.ts";
import { createRunJournals } from "./run-journals.ts";
import { createRunLock } from "./run-lock.ts";
import type { RunLock, RunLockOptions } from "./run-lock.ts";
import { refuseViolations } from "./refuse.ts";

export interface CleanupRequest {
  readonly policy: CleanupPolicy;
  /** The configuration switches cleanup off: nothing is changed, and the result says so. */
  readonly disabled: boolean;
  readonly dryRun: boolean;
  /** Guards that this run may pass. */
  readonly allow: ReadonlySet<GuardName>;
  readonly maxDelete?: DeletionLimit;
  /** How old a blob that nothing refers to must be before it is removed. Milliseconds. */
  readonly gcGraceMs: number;
  /** How long another cleanup of the repository is waited for. Milliseconds. Default: not at all. */
  readonly waitMs?: number;
  /** How long after its start the run begins no further deletions. Milliseconds. Default: never. */
  readonly maxDurationMs?: number;
  /** Called with the plan before anything is changed. */
  readonly savePlan?: (plan: CleanupPlan) => Promise<void>;
}

/** Cleans a repository by its policies. In a dry run nothing is changed anywhere. */
export async function runCleanup(
  request: CleanupRequest,
  deps: CommandDeps,
): Promise<CleanupResult> {
  await using registry = await deps.openRegistry(request.policy.repository);
  if (request.disabled) return await resultWhenDisabled(request, registry, deps);
  const gathered = await gatherCleanup(registry, request.policy, deps);
  const violations = openViolations(gathered, request);
  await request.savePlan?.(gathered.plan);
  if (request.dryRun) return { ...resultOfPlan(gathered.plan), violations };
  refuseViolations(violations);
  return await carryOut(gathered.plan, gathered, registry, request, deps);
}

/** What a plan is carried out by. */
export interface CarryOutRequest extends Pick<
  CleanupRequest,
  "gcGraceMs" | "allow" | "waitMs" | "maxDurationMs"
> {
  /** A lock that is held for longer than this plan takes; absent: the repository has its own. */
  readonly lock?: RunLock;
}

/** Carries out a plan and finishes the run: the `cleanup` record, then unused blobs. */
export async function carryOut(
  plan: CleanupPlan,
  gathered: Gathered,
  registry: Registry,
  request: CarryOutRequest,
  deps: CommandDeps,
): Promise<CleanupResult> {
  if (request.lock !== undefined) {
    return carryOutLocked(plan, { gathered, lock: request.lock, request }, deps);
  }
  const { repository, project } = plan;
  const { waitMs = 0 } = request;
  return withRunLock({ registry, repository, project, waitMs }, deps, (lock) =>
    carryOutLocked(plan, { gathered, lock, request }, deps),
  );
}

/** Gives `work` a lock that it may take, and lets others go on afterwards. */
export async function withRunLock<Result extends Pick<CleanupResult, "warnings">>(
  options: RunLockOptions,
  deps: CommandDeps,
  work: (lock: RunLock) => Promise<Result>,
): Promise<Result> {
  const lock = createRunLock(options, deps);
  const result = await work(lock).catch(async (error: unknown) => {
    await lock.release();
    for (const message of lock.warnings) deps.report({ type: "warning.raised", message });
    throw error;
  });
  await lock.release();
  return { ...result, warnings: [...result.warnings, ...lock.warnings] };
}

async function carryOutLocked(
  plan: CleanupPlan,
  {
    gathered,
    lock,
    request: { gcGraceMs, allow, maxDurationMs },
  }: {
    readonly gathered: Gathered;
    readonly lock: RunLock;
    readonly request: CarryOutRequest;
  },
  deps: CommandDeps,
): Promise<CleanupResult> {
  await using journals = createRunJournals(plan.project, deps);
  const places = new Map<string, string>();
  const applied = await applyParts(plan, gathered, applyPart, deps.signal);
  const { deleted, failed, skipped, brokeOff } = applied;
  const settled: CleanupResult = {
    ...resultOfPlan(plan),
    dryRun: false,
    deleted,
    failed,
    skipped,
    ...journalsOf(plan, places),
  };
  if (brokeOff !== undefined) {
    return { ...settled, brokeOff: brokeOff.message, remaining: remainingOf(settled) };
  }
  if (failed.length > 0) return settled;
  return await finish(settled, gathered, gcGraceMs, deps);

  async function applyPart(part: CleanupPlan, own: Gathered, home: Home): Promise<Applied> {
    const journal = await journals.of(home);
    const begun = deps.runner.startedAt;
    const hurry = maxDurationMs === undefined ? {} : { stopAt: begun + maxDurationMs };
    const context = { gathered: own, registry: home.registry, journal, lock, allow, ...hurry };
    const done = await applyCleanup(part, context, deps);
    if (done.deleted.length > 0) places.set(formatRepository(part.repository), journal.place);
    return done;
  }
}

/** Where what was deleted is written down; the journal of a repository of records is told apart. */
function journalsOf(
  { repository }: CleanupPlan,
  places: ReadonlyMap<string, string>,
): Pick<CleanupResult, "journal" | "recordsJournal"> {
  const address = formatRepository(repository);
  const journal = places.get(address);
  const [recordsJournal] = [...places].flatMap(([of, place]) => (of === address ? [] : [place]));
  return {
    ...(journal === undefined ? {} : { journal }),
    ...(recordsJournal === undefined ? {} : { recordsJournal }),
  };
}

/** What a guard still objects to, after what this run allows. */
export function openViolations(
  { plan, findings }: Gathered,
  { allow, maxDelete }: Pick<CleanupRequest, "allow" | "maxDelete">,
): Violation[] {
  return checkGuards(plan, findings, maxDelete).filter(
    ({ guard }) => guard === "max-delete" || !allow.has(guard),
  );
}

/** Lists the repository and keeps all of it. */
export async function resultWhenDisabled(
  { policy, dryRun, savePlan }: Pick<CleanupRequest, "policy" | "dryRun" | "savePlan">,
  registry: Registry,
  deps: CommandDeps,
): Promise<CleanupResult> {
  const listing = await listTags(registry, policy.repository, deps);
  const tags = await resolveTags(registry, policy.repository, listing, deps);
  const kept = tags.map(({ tag, digest, class: { kind } }) => ({
    tag,
    ...(digest === undefined ? {} : { digest }),
    class: kind,
    reasons: [{ kind: "cleanup-disabled" } as const],
  }));
  const plan: CleanupPlan = {
    kind: "cleanup",
    schema: 1,
    repository: policy.repository,
    project: policy.project,
    createdAt: deps.now().toISOString(),
    deletions: [],
    kept: kept.sort((a, b) => (a.tag < b.tag ? -1 : 1)),
    warnings: ["cleanup.disable is set: nothing was decided and nothing was changed"],
    references: {},
  };
  await savePlan?.(plan);
  return { ...resultOfPlan(plan), dryRun };
}

/** What comes after the deletions. However it ends, what was deleted is told. */
async function finish(
  result: CleanupResult,
  { homes, findings }: Gathered,
  gcGraceMs: number,
  deps: CommandDeps,
): Promise<CleanupResult> {
  const { registry } = homes.stages;
  const warnings = [...result.warnings];
  try {
    // A copy has no records, and what was purged has no next cleanup to tell.
    const isTold = !findings.isCopy && !findings.isPurge;
    if (isTold) await writeCleanupRecord(result.plan, homes.records ?? homes.stages, deps);
  } catch (error) {
    if (deps.signal.aborted) return { ...result, brokeOff: INTERRUPTED };
    if (!isRegistryError(error)) throw error;
    warnings.push(`the record of this cleanup was not written: ${error.message}`);
  }
  if (registry.capabilities.garbageCollection === "server") return { ...result, warnings };
  try {
    const garbage = await registry.collectGarbage(result.plan.repository, {
      graceMs: gcGraceMs,
      signal: deps.signal,
    });
    return { ...result, warnings, garbage };
  } catch (error) {
    if (deps.signal.aborted) return { ...result, warnings, brokeOff: INTERRUPTED };
    if (!isRegistryError(error)) throw error;
    return { ...result, warnings, brokeOff: `unused blobs were not removed: ${error.message}` };
  }
}

/** Tells the next run, and werf's builds, when this one ended and which records it left. */
async function writeCleanupRecord(
  plan: CleanupPlan,
  { registry, repository: { host, name } }: Home,
  { now, signal }: CommandDeps,
): Promise<void> {
  const endedAt = now();
  const labels = {
    ...lastCleanupLabels(endedAt.getTime()),
    [RECORD_COUNTS_LABEL]: recordCounts(plan),
  };
  const record = recordImage(plan.project, labels, endedAt.toISOString());
  await putRecord(registry, { host, name, tag: "cleanup" }, record, { signal });
}

const INTERRUPTED = "interrupted";
