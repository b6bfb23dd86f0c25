import type { Because } from "../cleanup/decision.ts";
import type { TagLabel } from "../cleanup/plan.ts";
import type { Reason } from "../cleanup/reason.ts";
import type { Digest } from "../../oci/digest.ts";

/** What is in one or several repositories, what every tag is, and what is wrong with it. Plain JSON: it can be saved. */
export interface Audit {
  readonly kind: "audit";
  readonly schema: 1;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly repositories: readonly AuditedRepository[];
  /** Sorted by severity, rule, repository and subject. */
  readonly findings: readonly Finding[];
  /** Exactly two repositories, side by side. Absent: they were not compared. */
  readonly comparison?: Comparison;
  /** Sentences for people: what could not be found out, and why. */
  readonly warnings: readonly string[];
}

export interface AuditedRepository {
  /** `host/name` or `oci:/path`. */
  readonly repository: string;
  readonly project: string;
  /** Sorted by tag. */
  readonly tags: readonly AuditedTag[];
  /** Manifests that no tag names, sorted by digest. Absent: nobody can list them here. */
  readonly untagged?: readonly AuditedManifest[];
  readonly totals: {
    readonly tags: number;
    /** Different manifests that tags lead to. */
    readonly manifests: number;
    /** Bytes of manifests and blobs, each counted once. */
    readonly bytes: number;
    /** Absent: nobody can list manifests without a tag here. */
    readonly untaggedBytes?: number;
  };
  /** By class, then by image. Bytes of what several have are shared, and in none's own. */
  readonly byClass: readonly Share[];
  readonly byImage: readonly Share[];
  /** How much was there at the end of each day, by what is there now: what was deleted since is not in it. */
  readonly growth: readonly GrowthPoint[];
}

export interface Share {
  /** Class or image name. */
  readonly name: string;
  readonly tags: number;
  /** What would be freed if all of it went, and nothing else. */
  readonly ownBytes: number;
  /** What others have too. */
  readonly sharedBytes: number;
}

export interface GrowthPoint {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly tags: number;
  readonly bytes: number;
}

export interface AuditedTag {
  readonly tag: string;
  readonly class: TagLabel;
  /** Absent: it resolves to nothing. */
  readonly digest?: Digest;
  /** Absent: neither the listing nor the manifest told. */
  readonly mediaType?: string;
  /** RFC 3339. Absent: nothing tells. */
  readonly pushedAt?: string;
  /** RFC 3339: by the tag of a stage, else by its configuration. */
  readonly builtAt?: string;
  /** Bytes that would be freed if this tag alone went. */
  readonly ownBytes: number;
  /** Bytes of manifests and blobs that other tags have too. */
  readonly sharedBytes: number;
  /** Of the project, of the rule that claims it, or from its labels. */
  readonly image?: string;
  /** Full ids as far as they are known; several for an index or a stage with several records. */
  readonly commits: readonly string[];
  /** `platform` as in `linux/amd64`. Absent: it has none, or nobody read it. */
  readonly platforms?: readonly string[];
  /** What a cleanup by the policies of this run would do with it. */
  readonly verdict: "kept" | "deleted";
  /** Who needs it, when it is kept; why it would go, in one word of the plan, when not. */
  readonly reasons: readonly Reason[];
  readonly because?: Because;
  /** Its place in the Git history. Absent: no commit of it is known to the history. */
  readonly place?: HistoryPlace;
}

export interface AuditedManifest {
  readonly digest: Digest;
  readonly mediaType?: string;
  readonly pushedAt?: string;
  readonly ownBytes: number;
}

export interface HistoryPlace {
  readonly commit: string;
  /** RFC 3339. */
  readonly committedAt: string;
  /** References that reach it, as `branch main`, `tag v1`; the first few, nearest first. */
  readonly references: readonly string[];
  /** How many more references reach it. */
  readonly more: number;
  /** Commits between the nearest reference and it. */
  readonly behind: number;
}

/** Rising. */
export const SEVERITIES = ["note", "warning", "error"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Something that deserves attention. */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly repository: string;
  /** A tag or a digest; absent: it is about the repository. */
  readonly subject?: string;
  /** One sentence: what is wrong, with its evidence. */
  readonly message: string;
  /** One sentence: what to do. */
  readonly advice: string;
}

export type RuleId =
  | "dangling-tag"
  | "index-without-child"
  | "incomplete-image"
  | "signature-without-subject"
  | "unsigned-release"
  | "moved-tag"
  | "record-without-stage"
  | "stage-without-record"
  | "unknown-commit"
  | "rejected-leftover"
  | "too-many-records"
  | "overdue-cleanup"
  | "tag-near-limit"
  | "in-use-unprotected"
  | "base-image-past-support";

/** Two repositories that should be the same. */
export interface Comparison {
  readonly left: string;
  readonly right: string;
  /** Tags of the left one that the right one lacks; sorted, like the others. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly diverged: readonly {
    readonly tag: string;
    readonly left: Digest;
    readonly right: Digest;
  }[];
  readonly same: number;
}
