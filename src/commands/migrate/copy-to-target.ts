import type { PlannedManifest, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { CopyLease } from "./copy-lease.ts";
import { takeCopyLease } from "./copy-lease.ts";
import { isRegistryError } from "../../registry/error.ts";
import { outcomeOf } from "./copy-outcome.ts";
import { copyRepository } from "./copy-repository.ts";
import type { CopyRun } from "./copy-run.ts";
import { createCopyTarget } from "./copy-target.ts";
import type { CopyTarget } from "./copy-target.ts";
import { findGone } from "./find-gone.ts";
import { looseIn } from "./referrers-of.ts";
import type { GatheredMigration } from "./request.ts";
import type { TagOutcome, TagResult, TransferCounts } from "./result.ts";

/** What became of the plans of one repository of the target. */
export interface TargetResult {
  readonly results: ReadonlyMap<RepositoryPlan, readonly TagResult[]>;
  readonly counts: TransferCounts;
}

/** How often what a target has lost again is sent once more. */
const MAX_ROUNDS = 2;

/**
 * Fills one repository of the target, from one or several of the source, under a lease. In the end it looks whether all of
 * it is still there, and sends again what is not.
 */
export async function copyToTarget(
  plans: readonly RepositoryPlan[],
  open: GatheredMigration["open"],
  run: CopyRun,
): Promise<TargetResult> {
  const { deps } = run;
  const [first] = plans;
  if (first === undefined) throw new Error("a repository without a plan");
  const results = new Map<RepositoryPlan, readonly TagResult[]>();
  const names = new Set(plans.flatMap(({ tags }) => tags.map(({ as }) => as)));
  const place = { registry: open(first).to, repository: first.to };
  const isFresh = plans.every((plan) => plan.isFresh);
  const target = createCopyTarget(place.registry, { repository: first.to, isFresh }, run);
  const toDo = plans.filter(isOpen);
  for (const plan of plans) results.set(plan, untouched(plan));
  if (toDo.length === 0) return { results, counts: countsOf(target) };
  let lease: CopyLease | undefined;
  try {
    if (plans.some(({ needsCreation }) => needsCreation)) {
      await place.registry.createRepository(first.to, { signal: deps.signal });
    }
    const project = first.project ?? first.to.name.split("/").at(-1) ?? "";
    const { arrives } = target;
    lease = await takeCopyLease(leasedTags(plans), { ...place, project, arrives }, run);
    for (const plan of toDo) results.set(plan, await copy(plan, lease, looseIn(plan)));
    for (const plan of toDo) results.set(plan, await keepThere(plan, lease));
  } catch (error) {
    if (!deps.signal.aborted) {
      const outcome = outcomeOf(error, { hasPushed: target.hasPushed() });
      run.settle(error);
      for (const plan of toDo) results.set(plan, failed(results.get(plan) ?? [], outcome));
    }
  } finally {
    await lease?.release();
  }
  return { results, counts: countsOf(target) };

  /** @param tags Of the plan, those that are still to do. */
  function copy(
    planned: RepositoryPlan,
    held: CopyLease,
    loose: readonly PlannedManifest[],
    tags: RepositoryPlan["tags"] = planned.tags,
  ): Promise<readonly TagResult[]> {
    const { from } = open(planned);
    const plan = { ...planned, tags };
    return copyRepository({ plan, from, to: target, lease: held, loose, names }, run);
  }

  /**
   * Sends again what was copied and is gone: a cleanup that knew nothing of the lease may have taken it. What was there
   * before is not of this plan: the next run brings it.
   */
  async function keepThere(plan: RepositoryPlan, held: CopyLease): Promise<readonly TagResult[]> {
    const settled = new Map((results.get(plan) ?? []).map((result) => [result.as, result]));
    for (let round = 0; ; round += 1) {
      const there = [...settled.values()].filter(({ outcome }) => ARRIVED.has(outcome.status));
      const hasCopied = there.some(({ outcome }) => outcome.status === "copied");
      if (!hasCopied || run.brokeOff() !== undefined) break;
      const missing = await lookForGone(there);
      for (const tag of missing.filter(isOfBefore)) {
        settled.set(tag.as, { ...tag, outcome: LOST });
      }
      const gone = missing.filter((tag) => !isOfBefore(tag));
      if (gone.length === 0) break;
      if (round === MAX_ROUNDS) {
        for (const tag of gone) settled.set(tag.as, { ...tag, outcome: GONE });
        break;
      }
      const wanted = new Set(gone.map(({ as }) => as));
      const tags = plan.tags.filter(({ as }) => wanted.has(as));
      target.forget(plan.manifests);
      for (const result of await copy(plan, held, [], tags)) settled.set(result.as, result);
    }
    return [...settled.values()];
  }

  /** A target that does not answer any more ends the run: what it has is not known then. */
  async function lookForGone(tags: readonly TagResult[]): Promise<readonly TagResult[]> {
    try {
      return await findGone(tags, place, deps);
    } catch (error) {
      deps.signal.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      run.end(error.message);
      return [];
    }
  }
}

const GONE: TagOutcome = {
  status: "failed",
  code: "gone",
  message: "it was stored more than once, and the target does not have it",
};

const LOST: TagOutcome = {
  status: "failed",
  code: "gone",
  message: "it was there when the plan was made, and is not any more; run again to bring it",
};

const ARRIVED: ReadonlySet<TagOutcome["status"]> = new Set(["copied", "present"]);

function isOfBefore({ there }: TagResult): boolean {
  return there === "present";
}

function isOpen({ manifests, tags }: RepositoryPlan): boolean {
  return manifests.length > 0 || tags.some(({ there }) => there !== "present");
}

/** Stages and indexes, those included that are there already: records of them may be about to come. */
function leasedTags(plans: readonly RepositoryPlan[]): readonly string[] {
  return plans.flatMap(({ tags }) =>
    tags.flatMap((tag) => (tag.class === "stage" || tag.class === "index" ? [tag.as] : [])),
  );
}

function untouched({ tags }: RepositoryPlan): readonly TagResult[] {
  return tags.map((tag) => ({
    ...tag,
    outcome: { status: tag.there === "present" ? "present" : "waiting" },
  }));
}

function failed(results: readonly TagResult[], outcome: TagOutcome): readonly TagResult[] {
  return results.map((result) =>
    result.outcome.status === "waiting" ? { ...result, outcome } : result,
  );
}

function countsOf({ uploader, counts }: CopyTarget): TransferCounts {
  const { uploaded, uploadedBytes, mounted, present } = uploader.counts();
  return {
    blobsSent: uploaded,
    bytesSent: uploadedBytes,
    blobsMounted: mounted,
    blobsPresent: present,
    ...counts(),
  };
}
