import type { AuditedRepository, AuditedTag } from "../../engine/audit/audit.ts";
import type { Thresholds } from "../../engine/audit/thresholds.ts";
import type { CleanupTarget } from "../cleanup/targets.ts";
import type { CopyTarget } from "../cleanup/copies.ts";
import type { CleanupPolicy } from "../cleanup/policy.ts";

/** What is to be looked at, and by which policies. */
export interface AuditRequest {
  /** Repositories and namespaces, as a cleanup of several takes them. */
  readonly targets: readonly CleanupTarget[];
  /** What a cleanup would be asked to keep: it tells who needs a tag. */
  readonly policy: Omit<CleanupPolicy, "repository">;
  /** Copies of the one repository in `targets`. Default: none. */
  readonly copies?: readonly CopyTarget[];
  /** An earlier audit, to see which tags moved since. */
  readonly previous?: PreviousAudit;
  /** Whether the two repositories are to be compared; with another number of them that is a `UsageError`. */
  readonly compare: boolean;
  /** Which tags are releases. Absent: tags that are versions (`1.2.3`, `v1.2.3`), and those named like Git tags that a policy keeps. */
  readonly releaseTags?: RegExp;
  /** Whether every blob is asked for. Default: no; a config that is read and not there is told all the same. */
  readonly checksBlobs?: boolean;
  /** Default: `THRESHOLDS`. */
  readonly thresholds?: Thresholds;
}

/** As much of an earlier audit as a later one compares with. An `Audit` is one. */
export interface PreviousAudit {
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly repositories: readonly (Pick<AuditedRepository, "repository"> & {
    readonly tags: readonly Pick<AuditedTag, "tag" | "digest">[];
  })[];
}
