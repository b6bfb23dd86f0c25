import type { Digest } from "../../oci/digest.ts";
import { catalogTags } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";
import { groupDeletions, listKeptManifests } from "./deletions.ts";
import type { DeletionMeans } from "./deletions.ts";
import type { HistoryVerdict } from "./git-policy.ts";
import type { Answers, CleanupInput, Facts, Need, Question } from "./inventory.ts";
import { judge } from "./judge.ts";
import type { Open } from "./judge.ts";
import { findIndexesOf } from "./parents.ts";
import type { CleanupPlan } from "./plan.ts";
import { findRoots, judgeRecords } from "./roots.ts";
import { findingsOf, samplesOf } from "./samples.ts";
import { tellClaims } from "./rules/told.ts";
import type { PlanFindings } from "./samples.ts";
import { matchUsage } from "./usage-match.ts";
import { sweepWarnings, warningsOf } from "./warnings.ts";

/** A plan, or what has to be read or found out before there can be one. */
export type PlanStep =
  | {
      readonly kind: "needs";
      readonly needs: readonly Need[];
      /** Absent: none. */
      readonly questions?: readonly Question[];
    }
  /** Whether a tag can go alone matters, or how the registry tells referrers, and is not known. */
  | { readonly kind: "learn"; readonly only?: "referrers" }
  | { readonly kind: "plan"; readonly plan: CleanupPlan; readonly findings: PlanFindings };

/**
 * Makes the planner of one inventory. Call it with the facts read so far until it answers with a plan.
 *
 * Manifests are read only as far as the kept set and a decision need them, so the facts arrive in steps.
 */
export function createCleanupPlanner(
  input: CleanupInput,
): (facts: ReadonlyMap<Digest, Facts>, means: DeletionMeans, answers?: Answers) => PlanStep {
  let catalog: Catalog | undefined;
  let history: HistoryVerdict | undefined;
  const usage = matchUsage(input);

  return (facts, means, answers = NO_ANSWERS) => {
    if (catalog === undefined) {
      const found = catalogTags(input, facts);
      if ("needs" in found) return { kind: "needs", needs: found.needs };
      catalog = found;
      history = judgeRecords(input, catalog);
    }
    const roots = findRoots(input, catalog, history, facts, usage);
    const judgement = judge({ input, catalog, roots, facts, answers, means });
    if ("needs" in judgement) return nextStep(judgement, means);
    const { decisions, closure, untagged } = judgement;
    const samples = samplesOf(decisions, input, facts);
    if (samples.length > 0) return { kind: "needs", needs: samples };
    const indexesOf = findIndexesOf({ catalog, facts, untagged });
    const ground = { catalog, facts, reached: closure.reached, untagged, indexesOf };
    const grouped = groupDeletions(decisions, ground, means);
    if (grouped === undefined) return { kind: "learn" };
    const keptManifests = listKeptManifests(input.untagged, decisions, untagged, closure);
    const { repository, project, now } = input;
    const plan: CleanupPlan = {
      kind: "cleanup",
      schema: 1,
      repository,
      project,
      createdAt: new Date(now).toISOString(),
      ...tellClaims(grouped, roots.claims.claimed),
      ...(keptManifests === undefined ? {} : { keptManifests }),
      warnings: [...warningsOf(input, catalog, history, facts), ...sweepWarnings(judgement)],
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

/** Nobody was asked anything. */
const NO_ANSWERS: Answers = { presence: new Map(), referrers: new Map() };

function nextStep({ needs, questions }: Open, { referrers }: DeletionMeans): PlanStep {
  const isLearned = referrers !== "probe" || !questions.some(({ ask }) => ask === "referrers");
  return isLearned ? { kind: "needs", needs, questions } : { kind: "learn", only: "referrers" };
}

function referencesOf({ history }: CleanupInput): Record<string, string> {
  const references = history?.references ?? [];
  const named = references.map(({ kind, name, commit }) => [`${kind} ${name}`, commit] as const);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
