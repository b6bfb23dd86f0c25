import type { Digest } from "../../oci/digest.ts";
import { catalogTags } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";
import { closeOver } from "./closure.ts";
import { decideTags } from "./decide.ts";
import { groupDeletions } from "./deletions.ts";
import type { DeletionMeans } from "./deletions.ts";
import type { HistoryVerdict } from "./git-policy.ts";
import type { CleanupInput, Facts, Need } from "./inventory.ts";
import type { CleanupPlan } from "./plan.ts";
import { findRoots, judgeRecords } from "./roots.ts";
import { findingsOf, samplesOf } from "./samples.ts";
import { tellClaims } from "./rules/told.ts";
import type { PlanFindings } from "./samples.ts";
import { matchUsage } from "./usage-match.ts";
import { warningsOf } from "./warnings.ts";

/** A plan, or what has to be read or found out before there can be one. */
export type PlanStep =
  | { readonly kind: "needs"; readonly needs: readonly Need[] }
  /** Whether a tag can go alone matters, and is not known. */
  | { readonly kind: "learn" }
  | { readonly kind: "plan"; readonly plan: CleanupPlan; readonly findings: PlanFindings };

/**
 * Makes the planner of one inventory. Call it with the facts read so far until it answers with a plan.
 *
 * Manifests are read only as far as the kept set and a decision need them, so the facts arrive in steps.
 */
export function createCleanupPlanner(
  input: CleanupInput,
): (facts: ReadonlyMap<Digest, Facts>, means: DeletionMeans) => PlanStep {
  let catalog: Catalog | undefined;
  let history: HistoryVerdict | undefined;
  const usage = matchUsage(input);

  return (facts, means) => {
    if (catalog === undefined) {
      const found = catalogTags(input, facts);
      if ("needs" in found) return { kind: "needs", needs: found.needs };
      catalog = found;
      history = judgeRecords(input, catalog);
    }
    const roots = findRoots(input, catalog, history, facts, usage);
    const closure = closeOver(roots, catalog, facts);
    const needs = [...roots.needs, ...closure.needs];
    if (needs.length > 0) return { kind: "needs", needs };
    const decisions = decideTags({ input, catalog, roots, closure, facts });
    const samples = samplesOf(decisions, input, facts);
    if (samples.length > 0) return { kind: "needs", needs: samples };
    const grouped = groupDeletions(decisions, catalog, closure.reached, means);
    if (grouped === undefined) return { kind: "learn" };
    const { repository, project, now } = input;
    const plan: CleanupPlan = {
      kind: "cleanup",
      schema: 1,
      repository,
      project,
      createdAt: new Date(now).toISOString(),
      ...tellClaims(grouped, roots.claims.claimed),
      warnings: warningsOf(input, catalog, history, facts),
      references: referencesOf(input),
    };
    return {
      kind: "plan",
      plan,
      findings: findingsOf(input, catalog, history, {
        facts,
        kept: closure.kept,
        claims: roots.claims,
      }),
    };
  };
}

function referencesOf({ history }: CleanupInput): Record<string, string> {
  const references = history?.references ?? [];
  const named = references.map(({ kind, name, commit }) => [`${kind} ${name}`, commit] as const);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
