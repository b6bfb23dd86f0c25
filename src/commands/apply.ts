import type { CleanupPlan, Deletion } from "../engine/cleanup/plan.ts";
import type { ReasonKind } from "../engine/cleanup/reason.ts";
import type { SavedPlan } from "../journal/plan-file.ts";
import { formatRepository } from "../oci/reference.ts";
import { carryOut, openViolations, refuseKubernetes, refuseViolations } from "./cleanup.ts";
import type { CleanupRequest } from "./cleanup.ts";
import type { CommandDeps } from "./deps.ts";
import { PlanError } from "./error.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { CleanupResult, Skipped } from "./result.ts";

export interface ApplyRequest extends Omit<CleanupRequest, "dryRun" | "savePlan"> {
  readonly saved: SavedPlan;
  /** How old a plan may be. Milliseconds. */
  readonly maxAgeMs: number;
}

/** Roots outside the repository: when one of them needs more than the plan knew, the plan is out of date. */
const OUTSIDE_ROOTS: ReadonlySet<ReasonKind> = new Set(["git-policy", "keep-list"]);

/**
 * Carries out a saved plan, as far as a plan made from what is there now agrees with it.
 *
 * What the repository needs by now is skipped as changed; when a reference or the keep list needs what the plan deletes,
 * the whole plan is refused.
 */
export async function runApply(request: ApplyRequest, deps: CommandDeps): Promise<CleanupResult> {
  const { saved, policy } = request;
  refuseUnfit(request, deps);
  refuseKubernetes(request);
  if (request.disabled) {
    throw new PlanError("outdated", "cleanup.disable is set by now, so no plan is carried out");
  }
  await using registry = await deps.openRegistry(policy.repository);
  const gathered = await gatherCleanup(registry, policy, deps);
  refuseNewNeeds(gathered.plan, saved);
  refuseViolations(openViolations(gathered, request));
  const { plan, skipped } = narrow(gathered.plan, saved);
  const result = await carryOut(plan, { ...gathered, plan }, registry, request, deps);
  return { ...result, skipped: [...skipped, ...result.skipped] };
}

function refuseUnfit({ saved, policy, maxAgeMs }: ApplyRequest, deps: CommandDeps): void {
  const made = formatRepository(saved.repository);
  const asked = formatRepository(policy.repository);
  if (made !== asked) {
    throw new PlanError("wrong-repository", `the plan was made for ${made}, not for ${asked}`);
  }
  if (saved.project !== policy.project) {
    throw new PlanError(
      "wrong-repository",
      `the plan was made for project "${saved.project}", not for "${policy.project}"`,
    );
  }
  const ageMs = deps.now().getTime() - Date.parse(saved.createdAt);
  if (ageMs < -maxAgeMs) {
    throw new PlanError(
      "too-old",
      `the plan was made at ${saved.createdAt}, which lies in the future; check the clock`,
    );
  }
  if (ageMs > maxAgeMs) {
    throw new PlanError(
      "too-old",
      `the plan was made at ${saved.createdAt}, longer ago than --plan-max-age allows; make a new one`,
    );
  }
}

function refuseNewNeeds({ kept }: CleanupPlan, { deletes }: SavedPlan): void {
  for (const { tag, reasons } of kept) {
    const root = reasons.find(({ kind }) => OUTSIDE_ROOTS.has(kind));
    if (root === undefined || !deletes.has(tag)) continue;
    const who = root.kind === "git-policy" ? root.reference : "the keep list";
    throw new PlanError(
      "outdated",
      `the plan deletes ${tag}, and ${who} needs it by now; make a new plan`,
    );
  }
}

/** The part of a fresh plan that a saved plan agrees with, and what of the saved plan that leaves out. */
function narrow(
  fresh: CleanupPlan,
  { deletes }: SavedPlan,
): { readonly plan: CleanupPlan; readonly skipped: readonly Skipped[] } {
  const isAgreed = ({ digest, tags }: Deletion): boolean =>
    tags.every(({ tag }) => deletes.get(tag) === digest);
  const deletions = fresh.deletions.filter(isAgreed);
  const going = new Set(deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag)));
  const leftOut = fresh.deletions
    .filter((item) => !isAgreed(item))
    .flatMap(({ digest, tags }) => tags.map((entry) => ({ ...entry, digest })));
  const stays = [...fresh.kept, ...leftOut];
  const skipped = stays.flatMap(({ tag, digest, class: label }): Skipped[] =>
    deletes.has(tag) && !going.has(tag) && digest !== undefined
      ? [{ tag, digest, class: label, why: "changed" }]
      : [],
  );
  const kept = [
    ...fresh.kept,
    ...leftOut.map(({ tag, digest, class: label }) => ({
      tag,
      digest,
      class: label,
      reasons: [{ kind: "not-in-plan" } as const],
    })),
  ];
  return {
    plan: { ...fresh, deletions, kept: kept.sort((a, b) => (a.tag < b.tag ? -1 : 1)) },
    skipped,
  };
}
