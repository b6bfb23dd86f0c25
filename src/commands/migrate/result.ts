import type { LeftTag, MigrationPlan, PlannedTag } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";

/** What a migration did. */
export interface MigrationResult {
  readonly plan: MigrationPlan;
  /** Nothing was sent that changes anything. */
  readonly dryRun: boolean;
  readonly repositories: readonly RepositoryResult[];
  readonly counts: TransferCounts;
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** Set when the run ended before its end; what it says is one line. */
  readonly brokeOff?: string;
}

export interface RepositoryResult {
  readonly from: Repository;
  readonly to: Repository;
  /** Every tag of the plan, in its order. */
  readonly tags: readonly TagResult[];
  readonly left: readonly LeftTag[];
  /** Absent: nobody asked for it. */
  readonly verification?: Verification;
  /** Absent: nobody asked for it. */
  readonly removal?: Removal;
}

export interface TagResult extends PlannedTag {
  readonly outcome: TagOutcome;
}

/**
 * - `copied`: it has the planned digest in the target now
 * - `present`: it had it already
 * - `refused`: a known rule of the target stands against it: immutable tags, a quota, a size limit
 * - `failed`: it was tried and failed
 * - `waiting`: something that it needs failed, or the run broke off before
 */
export type TagOutcome =
  | { readonly status: "copied" | "present" | "waiting" }
  | { readonly status: "refused" | "failed"; readonly code: string; readonly message: string };

/** What moved, and what did not have to. */
export interface TransferCounts {
  /** Blobs whose bytes were sent, each once a target. */
  readonly blobsSent: number;
  readonly bytesSent: number;
  /** Made known within a host, without their bytes. */
  readonly blobsMounted: number;
  /** Found in the target. */
  readonly blobsPresent: number;
  /** Manifests that were stored by request of ours. */
  readonly manifestsSent: number;
  /** Manifests with all they need that the registry copied by itself. */
  readonly copiedByServer: number;
}

/** Whether everything of the plan is in the target, looked at anew. */
export interface Verification {
  readonly tags: number;
  readonly manifests: number;
  readonly blobs: number;
  /** Tags of the source that are proved: they may be removed there. */
  readonly proved: ReadonlySet<string>;
  readonly problems: readonly VerificationProblem[];
}

/** Something of a tag is not in the target as it is in the source. */
export interface VerificationProblem {
  /** In the target. */
  readonly tag: string;
  readonly kind:
    | "missing-tag"
    | "other-digest"
    | "missing-manifest"
    | "missing-blob"
    /** It is there, and no index tells of it to those who ask for what is about its subject. */
    | "untold-referrer";
  /** What was looked for. */
  readonly digest: Digest;
  /** What is there instead. Only with `other-digest`. */
  readonly found?: Digest;
}

/** What was taken from the source. */
export interface Removal {
  readonly deleted: readonly string[];
  /** Tags that stay, with one line why. */
  readonly kept: readonly { readonly tag: string; readonly why: string }[];
  readonly failed: readonly { readonly tag: string; readonly message: string }[];
  /** Paths or references of the journals. Empty: nothing was removed. */
  readonly journals: readonly string[];
  /** Absent: removing was begun. */
  readonly refused?: RemovalRefusal;
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** Why removing ended before its end, one line. */
  readonly brokeOff?: string;
}

/** Why nothing was removed at all. */
export interface RemovalRefusal {
  /** Absent: a registry or a cluster refused. */
  readonly guard?: string;
  /** One line. */
  readonly message: string;
}
