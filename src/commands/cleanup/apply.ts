import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import type { ReasonKind } from "../../engine/cleanup/reason.ts";
import type { PlannedTag, SavedPlan } from "../../journal/plan-file.ts";
import { formatRepository } from "../../oci/reference.ts";
import { carryOut, openViolations } from "./cleanup.ts";
import type { CleanupRequest } from "./cleanup.ts";
import { refuseViolations } from "./refuse.ts";
import type { CommandDeps } from "../deps.ts";
import { PlanError } from "../error.ts";
import { gatherCleanup } from "./gather-cleanup.ts";
import type { Gathered } from "./gathered.ts";
import type { CleanupResult, Skipped } from "./result.ts";

export interface ApplyRequest extends Omit<CleanupRequest, "dryRun" | "savePlan"> {
  readonly saved: SavedPlan;
  /** How old a plan may be. Milliseconds. */
  readonly maxAgeMs: number;
}

/** Roots outside the repository: when one of them needs more than the plan knew, the plan is out of date. */
const OUTSIDE_ROOTS: ReadonlySet<ReasonKind> = new Set(["git-policy", "keep-list", "in-use"]);

/**
 * Carries out a saved plan, as far as a plan made from what is there now agrees with it.
 *
 * What the repository needs by now is skipped as changed; when a reference or the keep list needs what the plan deletes,
 * the whole plan is refused.
 */
export async function runApply(request: ApplyRequest, deps: CommandDeps): Promise<CleanupResult> {
  const { saved, policy } = request;
  refuseUnfit(request, deps);
  if (request.disabled) {
    throw new PlanError("outdated", "cleanup.disable is set by now, so no plan is carried out");
  }
  await using registry = await deps.openRegistry(policy.repository);
  const gathered = await gatherCleanup(registry, policy, deps);
  refuseNewNeeds(gathered.plan, saved);
  refuseViolations(openViolations(gathered, request));
  const { fresh, strange } = await keepStrangers(gathered, saved);
  const { plan, skipped } = narrow(fresh, saved, strange);
  const replan: Gathered["replan"] = (held, gone) =>
    gathered.replan(new Set([...strange, ...held]), gone);
  const result = await carryOut(plan, { ...gathered, plan, replan }, registry, request, deps);
  return { ...result, skipped: [...skipped, ...result.skipped] };
}

/** Plans again until everything stays that would go and that the saved plan does not name, with all that it needs. */
async function keepStrangers(
  gathered: Gathered,
  saved: SavedPlan,
): Promise<{ readonly fresh: CleanupPlan; readonly strange: ReadonlySet<string> }> {
  const strange = new Set<string>();
  let fresh = gathered.plan;
  for (;;) {
    const known = strange.size;
    for (const item of fresh.deletions) {
      for (const name of namesOf(item))
        if (!isPlanned(item, saved.deletes.get(name))) strange.add(name);
    }
    if (strange.size === known) return { fresh, strange };
    fresh = (await gathered.replan(strange, new Set())) ?? fresh;
  }
}

/** Whether the saved plan lets the same go, and at least as much: a tag alone is less than its manifest. */
function isPlanned({ digest, how }: Deletion, saved: PlannedTag | undefined): boolean {
  return saved?.digest === digest && (saved.how === "manifest" || how === "tag");
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
    const who =
      root.kind === "git-policy"
        ? root.reference
        : root.kind === "in-use"
          ? `${root.object} in cluster ${root.cluster}`
          : "the keep list";
    throw new PlanError(
      "outdated",
      `the plan deletes ${tag}, and ${who} needs it by now; make a new plan`,
    );
  }
}

/** A fresh plan with its strangers named as such, and what of the saved plan it leaves out. */
function narrow(
  fresh: CleanupPlan,
  { deletes }: SavedPlan,
  strange: ReadonlySet<string>,
): { readonly plan: CleanupPlan; readonly skipped: readonly Skipped[] } {
  const tags = fresh.kept.flatMap(({ tag, digest, class: label }): Skipped[] =>
    deletes.has(tag) && digest !== undefined ? [{ tag, digest, class: label, why: "changed" }] : [],
  );
  const manifests = (fresh.keptManifests ?? []).flatMap(({ digest }): Skipped[] =>
    deletes.has(digest) ? [{ digest, class: "untagged", why: "changed" }] : [],
  );
  const kept = fresh.kept.map((item) =>
    strange.has(item.tag) ? { ...item, reasons: [{ kind: "not-in-plan" } as const] } : item,
  );
  return { plan: { ...fresh, kept }, skipped: [...tags, ...manifests] };
}
