import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion, Kept } from "../../engine/cleanup/plan.ts";
import { splitPlan } from "../../engine/cleanup/split-plan.ts";
import type { PlanParts } from "../../engine/cleanup/split-plan.ts";
import type { Capabilities } from "../../registry/capabilities.ts";
import type { Applied } from "./apply-cleanup.ts";
import type { Gathered } from "./gathered.ts";
import { meansOf } from "./means.ts";
import { isRecord } from "./homes.ts";
import type { Home } from "./homes.ts";
import { nameOf, settledOf } from "./result.ts";
import type { Skipped } from "./result.ts";

/** Carries out the part of a plan that is about one repository. */
export type ApplyPart = (plan: CleanupPlan, gathered: Gathered, home: Home) => Promise<Applied>;

/**
 * Carries out a plan in the repositories that it is about: where records lie apart from the stages, first those that have
 * to go before a stage, then the stages, then the other records. What stays in one part keeps what depends on it in the
 * later ones.
 */
export async function applyParts(
  plan: CleanupPlan,
  gathered: Gathered,
  apply: ApplyPart,
  signal: AbortSignal,
): Promise<Applied> {
  const { stages, records } = gathered.homes;
  if (records === undefined) return await apply(plan, gathered, stages);
  const learn = ({ registry, repository }: Home): Promise<Capabilities> =>
    registry.learn(repository, { signal });
  let capabilities = {
    stages: stages.registry.capabilities,
    records: records.registry.capabilities,
  };
  const split = (whole: CleanupPlan): PlanParts => splitByHome(whole, gathered, capabilities);
  if (leftOut(plan, split(plan)).length > 0) {
    capabilities = { stages: await learn(stages), records: await learn(records) };
  }
  const parts = split(plan);
  const left = leftOut(plan, parts);
  const held = new Set(left.map(nameOf));
  let sum: Applied = { deleted: [], failed: [], skipped: left };
  for (const [part, home, choose] of [
    [parts.first, records, recordsOf],
    [parts.stages, stages, (fresh: PlanParts) => fresh.stages],
    [parts.last, records, recordsOf],
  ] as const) {
    const { ready, skipped } = withoutDependents(part, held);
    sum = { ...sum, skipped: [...sum.skipped, ...skipped] };
    for (const entry of skipped) held.add(nameOf(entry));
    if (ready.deletions.length === 0) continue;
    const before = sum;
    const replan: Gathered["replan"] = async (stays, gone) => {
      const goneBefore = before.deleted.map(nameOf);
      const fresh = await gathered.replan(
        new Set([...held, ...stays]),
        new Set([...goneBefore, ...gone]),
      );
      return fresh === undefined ? undefined : withTheRest(choose(split(fresh)), fresh);
    };
    sum = await applyNext(sum, ready, () =>
      apply(ready, { ...gathered, plan: ready, replan }, home),
    );
    for (const entry of [...sum.failed, ...sum.skipped]) held.add(nameOf(entry));
    if (sum.brokeOff !== undefined) return sum;
  }
  return sum;
}

/** Joins what became of one more part; once something was deleted, an error no longer says that nothing was. */
async function applyNext(
  sum: Applied,
  { deletions }: CleanupPlan,
  apply: () => Promise<Applied>,
): Promise<Applied> {
  try {
    const { deleted, failed, skipped, ...rest } = await apply();
    return {
      ...rest,
      deleted: [...sum.deleted, ...deleted],
      failed: [...sum.failed, ...failed],
      skipped: [...sum.skipped, ...skipped],
    };
  } catch (error) {
    const isUntouched = sum.deleted.length === 0 && sum.failed.length === 0;
    if (isUntouched || !(error instanceof Error) || deletions.length === 0) throw error;
    return { ...sum, brokeOff: error };
  }
}

function splitByHome(
  plan: CleanupPlan,
  gathered: Gathered,
  capabilities: { readonly stages: Capabilities; readonly records: Capabilities },
): PlanParts {
  const { stages, records = stages } = gathered.homes;
  const found = gathered.tags();
  return splitPlan(plan, {
    stages: {
      repository: stages.repository,
      tags: found.stages,
      means: meansOf(capabilities.stages),
    },
    records: {
      repository: records.repository,
      tags: found.records ?? [],
      counts: isRecord,
      means: meansOf(capabilities.records),
    },
  });
}

/** Both parts that are about records: which comes first does not matter to what may go. */
function recordsOf({ first, last }: PlanParts): CleanupPlan {
  return { ...last, deletions: [...first.deletions, ...last.deletions] };
}

/** A part in which everything stays that the whole plan lets go, and that cannot go as a part of this one. */
function withTheRest(part: CleanupPlan, { deletions }: CleanupPlan): CleanupPlan {
  const going = new Set(part.deletions.flatMap(namesOf));
  const rest = deletions.flatMap(({ tags }) => tags).filter(({ tag }) => !going.has(tag));
  const kept = rest.map(({ tag, class: label }): Kept => {
    return { tag, class: label, reasons: [{ kind: "shared-digest", of: tag }] };
  });
  return { ...part, kept: [...part.kept, ...kept] };
}

/** What no part deletes, since something else in its repository would go along. */
function leftOut(plan: CleanupPlan, { first, stages, last }: PlanParts): Skipped[] {
  const parts = [first, stages, last].flatMap(({ deletions }) => deletions);
  const going = new Set(parts.flatMap(namesOf));
  return plan.deletions
    .flatMap(settledOf)
    .filter((entry) => !going.has(nameOf(entry)))
    .map((entry) => ({ ...entry, why: "refused", message: SHARED }));
}

const SHARED = "the registry cannot remove it without another tag on the same manifest";

/** A plan without what has to wait for something that stays, at any distance. */
function withoutDependents(
  plan: CleanupPlan,
  held: ReadonlySet<string>,
): { readonly ready: CleanupPlan; readonly skipped: readonly Skipped[] } {
  const stays = new Set(held);
  const skipped: Skipped[] = [];
  const deletions: Deletion[] = [];
  // In the order of levels, so whatever an item waits for was looked at before it.
  for (const item of plan.deletions) {
    if (!item.after.some((name) => stays.has(name))) {
      deletions.push(item);
      continue;
    }
    for (const name of namesOf(item)) stays.add(name);
    skipped.push(...settledOf(item).map((entry) => ({ ...entry, why: "still-needed" as const })));
  }
  return { ready: { ...plan, deletions }, skipped };
}
