import type { Violation } from "../../engine/cleanup/guards.ts";
import type {
  BecauseUntagged,
  CleanupPlan,
  Deletion,
  Kept,
  TagLabel,
} from "../../engine/cleanup/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RegistryErrorCode } from "../../registry/error.ts";
import type { Garbage } from "../../registry/registry.ts";

/** What became of a plan. */
export interface CleanupResult {
  readonly plan: CleanupPlan;
  readonly dryRun: boolean;
  readonly kept: readonly Kept[];
  /** Gone, or in a dry run what would go. */
  readonly deleted: readonly Deleted[];
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly string[];
  /** Why the run ended before its end; absent when it did not. */
  readonly brokeOff?: string;
  /** What was planned and not tried; with `brokeOff`. */
  readonly remaining?: readonly Settled[];
  /** Where the deleted manifests are written down; absent when nothing was deleted. */
  readonly journal?: string;
  /** The same for what was deleted where the records lie apart; absent where nothing was. */
  readonly recordsJournal?: string;
  /** What the removal of unused blobs freed; absent where the registry does that itself. */
  readonly garbage?: Garbage;
  /** What a guard objects to; only a dry run gets this far with any. */
  readonly violations: readonly Violation[];
}

/** The result of a dry run: everything as planned. */
export function resultOfPlan(plan: CleanupPlan): CleanupResult {
  const deleted = plan.deletions.flatMap((item) =>
    settledOf(item).map((entry) => ({ ...entry, how: item.how })),
  );
  return {
    plan,
    dryRun: true,
    kept: plan.kept,
    deleted,
    failed: [],
    skipped: [],
    warnings: plan.warnings,
    violations: [],
  };
}

/** One entry for each tag of an item, or one for a manifest that no tag names. */
export function settledOf({ digest, tags, because }: Deletion): readonly Settled[] {
  if (tags.length > 0) return tags.map(({ tag, class: label }) => ({ tag, digest, class: label }));
  return [{ digest, class: "untagged", ...(because === undefined ? {} : { because }) }];
}

/** What of the plan nothing became of. */
export function remainingOf({
  plan,
  deleted,
  failed,
  skipped,
}: Pick<CleanupResult, "plan" | "deleted" | "failed" | "skipped">): readonly Settled[] {
  const settled = new Set([...deleted, ...failed, ...skipped].map(nameOf));
  return plan.deletions.flatMap(settledOf).filter((entry) => !settled.has(nameOf(entry)));
}

/** What people know an entry by: its tag, or its digest where it has none. */
export function nameOf({ tag, digest }: Pick<Settled, "tag" | "digest">): string {
  return tag ?? digest;
}

export interface Settled {
  /** Absent: no tag names the manifest. */
  readonly tag?: string;
  readonly digest: Digest;
  readonly class: TagLabel;
  /** Why a manifest without a tag was to go; absent for tags, whose plan says it. */
  readonly because?: BecauseUntagged;
}

export interface Deleted extends Settled {
  readonly how: "manifest" | "tag";
}

export interface Failed extends Settled {
  readonly code: RegistryErrorCode;
  /** One line. */
  readonly message: string;
}

export interface Skipped extends Settled {
  /**
   * - `changed`: it, or what needs it, changed after the plan was made
   * - `still-needed`: something that reaches it could not be removed
   * - `refused`: a rule of the registry keeps it: it is locked, immutable, protected, or named by an index
   */
  readonly why: "changed" | "still-needed" | "refused";
  /** What the registry said, one line; with `refused`. */
  readonly message?: string;
}
