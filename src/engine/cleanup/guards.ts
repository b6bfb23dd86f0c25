import { describeUnreadable } from "./leases.ts";
import type { CleanupPlan, TagLabel } from "./plan.ts";
import type { ReasonKind } from "./reason.ts";
import type { PlanFindings } from "./samples.ts";
import { RECORD_CLASSES } from "./samples.ts";

/** Names that `--allow` takes. */
export const GUARD_NAMES = [
  "no-references",
  "nothing-kept",
  "unknown-history",
  "records-gone",
  "other-project",
  "unreadable",
  "not-a-copy",
  "lease-unreadable",
  "cluster-missing",
] as const;

export type GuardName = (typeof GUARD_NAMES)[number];

/** A plan that looks like a mistake. */
export interface Violation {
  /** `max-delete` is lifted by its own option. */
  readonly guard: GuardName | "max-delete";
  /** One line: what is suspicious and what to do. */
  readonly message: string;
}

/** Most tags a run may delete. */
export type DeletionLimit =
  | { readonly kind: "count"; readonly most: number }
  /** Of all tags of the repository. */
  | { readonly kind: "percent"; readonly most: number };

/** Label of the `cleanup` record that says how many records of each class the run left. */
export const RECORD_COUNTS_LABEL = "tidemark-records";

/** Reasons by which a stage stays though nobody needs it. */
const STAYS_ANYWAY: ReadonlySet<ReasonKind> = new Set(["shared-digest", "unreadable", "undecided"]);

/** Everything suspicious about a plan; empty when it may be carried out. */
export function checkGuards(
  plan: CleanupPlan,
  findings: PlanFindings,
  limit: DeletionLimit | undefined,
): Violation[] {
  const goes = countTags(plan, isImage);
  const stays = plan.kept.filter(
    (kept) => isImage(kept.class) && kept.reasons.some(({ kind }) => !STAYS_ANYWAY.has(kind)),
  ).length;
  const violations: (Violation | undefined)[] = [
    when(findings.usesHistory && findings.references === 0, {
      guard: "no-references",
      message:
        "Git has no branch and no tag, so nothing would protect any image; is this the right clone?",
    }),
    when(goes > 0 && stays === 0 && !findings.isPurge, {
      guard: "nothing-kept",
      message: `${counted(plan)} would go and not one would stay; check the keep policies and the repository`,
    }),
    when(goes > 0 && stays > 0 && findings.isPrimaryEmpty && !findings.isPurge, {
      guard: "nothing-kept",
      message: `${counted(plan)} would go, and the primary repository keeps no stage that a copy could be of; is --repo right?`,
    }),
    unknownHistory(plan, findings),
    recordsGone(plan, findings),
    otherProject(plan, findings),
    when(goes > 0 && findings.isCopy && findings.records["image-metadata"] > 0, {
      guard: "not-a-copy",
      message: `it has records of its own, so somebody publishes to it as a primary repository, whose stages another one cannot decide about; clean it with --repo`,
    }),
    when(goes > 0 && findings.unreadable.length > 0, {
      guard: "unreadable",
      message: `${findings.unreadable[0] ?? ""} is needed and cannot be read, so what it needs is not known; repair it, or mark it as rejected`,
    }),
    unreadableLease(plan, findings),
    tooMany(plan, findings, limit),
  ];
  return violations.filter((violation) => violation !== undefined);
}

/** How many records of each class a run leaves, as its label says it. */
export function recordCounts(plan: CleanupPlan): string {
  const counts = RECORD_CLASSES.map((kind) => [
    kind,
    plan.kept.filter((kept) => kept.class === kind).length,
  ]);
  return JSON.stringify(Object.fromEntries(counts));
}

/** Only what the history decides about counts: a rule may let images go by their age alone. */
function unknownHistory(plan: CleanupPlan, findings: PlanFindings): Violation | undefined {
  const { usesHistory, knowsHistory, claims } = findings;
  if (!usesHistory) return undefined;
  const going = plan.deletions.flatMap(({ tags }) => tags);
  const stages = going.filter(({ class: label }) => isStage(label));
  const images = going.filter(({ tag }) => claims.byHistory.has(tag));
  if (stages.length + images.length > 0 && !knowsHistory && !claims.knowsHistory) {
    return {
      guard: "unknown-history",
      message: `${counted(plan)} would go, and no record${images.length > 0 ? " and no image" : ""} names a commit of this Git history; is this the right directory, and were the records migrated?`,
    };
  }
  const [strange] = images.filter(({ because }) => because === "unknown-commit");
  return when(strange !== undefined && !claims.knowsHistory, {
    guard: "unknown-history",
    message: `image ${strange?.tag ?? ""} would go, and no image that a rule claims names a commit of this Git history; is this the right directory, and are the revisions those of this project?`,
  });
}

function recordsGone(plan: CleanupPlan, findings: PlanFindings): Violation | undefined {
  if (plan.deletions.length === 0 || findings.isPurge) return undefined;
  const before = readCounts(findings.lastRun?.[RECORD_COUNTS_LABEL]);
  const gone = RECORD_CLASSES.filter(
    (kind) => (before[kind] ?? 0) > 0 && findings.records[kind] === 0,
  );
  return when(gone.length > 0, {
    guard: "records-gone",
    message: `the last cleanup left records of class ${gone.join(", ")}, and the listing has none; it may be cut, or they were deleted by hand`,
  });
}

function otherProject(plan: CleanupPlan, { otherProjects }: PlanFindings): Violation | undefined {
  const [other] = otherProjects;
  if (other === undefined || plan.deletions.length === 0) return undefined;
  return {
    guard: "other-project",
    message: `tag ${other.tag} belongs to project "${other.project}", and the configuration is of "${plan.project}"; is this the right repository?`,
  };
}

function unreadableLease(
  plan: CleanupPlan,
  { unreadableLeases: [first] }: PlanFindings,
): Violation | undefined {
  if (first === undefined || plan.deletions.length === 0) return undefined;
  return { guard: "lease-unreadable", message: describeUnreadable(first) };
}

function tooMany(
  plan: CleanupPlan,
  findings: PlanFindings,
  limit: DeletionLimit | undefined,
): Violation | undefined {
  if (limit === undefined) return undefined;
  // Leases that are over are not what a limit is about.
  const untagged = plan.deletions.filter(({ tags }) => tags.length === 0).length;
  const goes = countTags(plan, (label) => label !== "lease") + untagged;
  const keptUntagged = (findings.untagged ?? untagged) - untagged;
  const all = goes + plan.kept.length + Math.max(0, keptUntagged);
  const what = findings.untagged === undefined ? "tags" : "tags and untagged manifests";
  const most = limit.kind === "count" ? limit.most : (all * limit.most) / 100;
  const asked = limit.kind === "count" ? String(limit.most) : `${limit.most}%`;
  return when(goes > most, {
    guard: "max-delete",
    message: `${goes} of ${all} ${what} would go, more than --max-delete ${asked}`,
  });
}

function readCounts(label: string | undefined): Readonly<Record<string, number>> {
  if (label === undefined) return {};
  try {
    const counts: unknown = JSON.parse(label);
    if (typeof counts !== "object" || counts === null) return {};
    return Object.fromEntries(
      Object.entries(counts).filter(
        (entry): entry is [string, number] => typeof entry[1] === "number",
      ),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function countTags({ deletions }: CleanupPlan, counts: (label: TagLabel) => boolean): number {
  return deletions.flatMap(({ tags }) => tags).filter((tag) => counts(tag.class)).length;
}

function isImage(label: TagLabel): boolean {
  return isStage(label) || label === "image";
}

function isStage(label: TagLabel): boolean {
  return label === "stage" || label === "index";
}

/** `1 stage`, `3 images`, `2 stages and 1 image`. */
function counted(plan: CleanupPlan): string {
  const some = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${count} ${what}${count === 1 ? "" : "s"}`];
  const stages = countTags(plan, isStage);
  const images = countTags(plan, (label) => label === "image");
  return [...some(stages, "stage"), ...some(images, "image")].join(" and ");
}

function when(applies: boolean, violation: Violation): Violation | undefined {
  return applies ? violation : undefined;
}
