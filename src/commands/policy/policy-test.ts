import type { PolicyTest } from "../../config/policy-test.ts";
import type { Expectation } from "../../config/policy-test-schema.ts";
import type { Because } from "../../engine/cleanup/decision.ts";
import type { History } from "../../engine/cleanup/history.ts";
import type { CleanupInput, Facts, Need } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import { createCleanupPlanner } from "../../engine/cleanup/planner.ts";
import type { Reason } from "../../engine/cleanup/reason.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import type { CleanupPolicy } from "../cleanup/policy.ts";
import { testedContents, testedHistory } from "./policy-test-world.ts";

export interface PolicyTestRequest {
  readonly test: PolicyTest;
  readonly policy: Omit<CleanupPolicy, "repository" | "fetch" | "keepList">;
}

/** What became of the expectations. */
export interface PolicyTestResult {
  /** In the order of the file. */
  readonly outcomes: readonly ExpectationOutcome[];
  /** What a cleanup of this repository would warn of. */
  readonly warnings: readonly string[];
}

export interface ExpectationOutcome {
  readonly expected: Expectation;
  readonly passed: boolean;
  /** The tags that it is about, sorted; none: it names what is not there. */
  readonly tags: readonly TestedTagFate[];
}

/** What a cleanup would do to a tag. */
export type TestedTagFate = { readonly tag: string; readonly passed: boolean } & (
  | { readonly verdict: "kept"; readonly reasons: readonly Reason[] }
  | { readonly verdict: "goes"; readonly because: Because }
);

/** A registry that can do everything: what one cannot remove is about that registry, not about the policies. */
const EVERYTHING = { tagAlone: true, lastTagTakesManifest: false, manifest: true };

/** Decides about a repository that a file describes, and compares. No network is used. */
export async function runPolicyTest(
  { test, policy }: PolicyTestRequest,
  deps: Pick<CommandDeps, "readHistory" | "now">,
): Promise<PolicyTestResult> {
  const now = test.now ?? deps.now().getTime();
  const history = policy.gitHistory ? await historyOf(test, deps, now) : undefined;
  const contents = testedContents(test, policy.project, now);
  const plan = planOf(
    {
      repository: parseRepository(test.repository ?? `registry.invalid/${policy.project}`),
      project: policy.project,
      tags: contents.tags,
      ...(history === undefined ? {} : { history }),
      policies: policy.policies,
      ...(policy.rules === undefined ? {} : { rules: policy.rules }),
      builtInPolicies: policy.builtInPolicies,
      keepBuiltWithinHours: policy.keepBuiltWithinHours,
      keepList: new Set(test.keepList),
      now,
    },
    contents.facts,
  );
  const fates = fatesOf(plan);
  return {
    outcomes: test.expectations.map((expected) => outcomeOf(expected, fates)),
    warnings: plan.warnings,
  };
}

/** The clone's history is taken for all there is: a test says what a run with a whole history would do. */
async function historyOf(
  { history, path }: PolicyTest,
  { readHistory }: Pick<CommandDeps, "readHistory">,
  now: number,
): Promise<History> {
  if (history !== undefined) return testedHistory(history, path, now);
  const { references, graph } = await readHistory({ fetch: false });
  return { references, graph };
}

function planOf(input: CleanupInput, stored: ReadonlyMap<Digest, Facts>): CleanupPlan {
  const planner = createCleanupPlanner(input);
  const facts = new Map<Digest, Facts>();
  const read = ({ digest }: Need): void =>
    void facts.set(digest, stored.get(digest) ?? { kind: "absent" });
  const presence = new Map<Digest, boolean>();
  for (;;) {
    const step = planner(facts, EVERYTHING, { presence, referrers: new Map() });
    if (step.kind === "plan") return step.plan;
    if (step.kind === "learn") throw new Error("the planner asks what it was told");
    step.needs.forEach(read);
    for (const { digest } of step.questions ?? []) presence.set(digest, stored.has(digest));
  }
}

type Fate = TestedTagFate extends infer Each
  ? Each extends TestedTagFate
    ? Omit<Each, "passed">
    : never
  : never;

function fatesOf({ kept, deletions }: CleanupPlan): ReadonlyMap<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const { tag, reasons } of kept) fates.set(tag, { tag, verdict: "kept", reasons });
  for (const { tags } of deletions) {
    for (const { tag, because } of tags) fates.set(tag, { tag, verdict: "goes", because });
  }
  return fates;
}

function outcomeOf(expected: Expectation, fates: ReadonlyMap<string, Fate>): ExpectationOutcome {
  const { kept, goes } = expected;
  const selection = kept ?? goes;
  if (selection === undefined) throw new UsageError("an expectation names no tag");
  const regexp = new RegExp(selection.regexp, selection.flags);
  const tags = [...fates.values()]
    .filter(({ tag }) => regexp.test(tag))
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
    .map((fate): TestedTagFate => ({ ...fate, passed: meets(fate, expected) }));
  return { expected, passed: tags.length > 0 && tags.every(({ passed }) => passed), tags };
}

function meets(fate: Fate, { kept, goes, by, because }: Expectation): boolean {
  if (fate.verdict === "kept") {
    return (
      kept !== undefined && (by === undefined || fate.reasons.some((reason) => isBy(reason, by)))
    );
  }
  return goes !== undefined && (because === undefined || fate.because === because);
}

/** Whether a reason is the one that is meant: its kind, its rule, its reference, or its policy, from 1. */
function isBy(reason: Reason, by: string): boolean {
  const names: string[] = [reason.kind];
  if (reason.kind === "rule" || reason.kind === "undecided") {
    names.push(reason.rule, `rule ${reason.rule}`);
  }
  if (reason.kind === "git-policy") names.push(reason.reference, `policy ${reason.policy + 1}`);
  if ("of" in reason) names.push(`${reason.kind} ${reason.of}`);
  return names.includes(by);
}
