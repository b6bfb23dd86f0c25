import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Because } from "./decision.ts";
import type { Reason } from "./reason.ts";

/**
 * Everything apply needs.
 *
 * Plain JSON, so that a plan can be written to a file, reviewed, and applied later.
 */
export interface CleanupPlan {
  readonly kind: "cleanup";
  readonly schema: 1;
  readonly repository: Repository;
  readonly project: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** In the order apply follows: whatever reaches an item goes before it. */
  readonly deletions: readonly Deletion[];
  /** Sorted by tag. */
  readonly kept: readonly Kept[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** `refs/…`-less names of the references and their commits, so that a later apply sees what moved. */
  readonly references: Readonly<Record<string, string>>;
}

/** Tags of one digest that go together in one step. */
export interface Deletion {
  readonly digest: Digest;
  /** `manifest`: the manifest and every tag on it. `tag`: the tag alone, its manifest stays. */
  readonly how: "manifest" | "tag";
  /** Tags seen at planning time, all of them planned. */
  readonly tags: readonly DeletedTag[];
  /** Items of a lower level are settled first. */
  readonly level: number;
  /** Tags that have to be gone first: while one of them stays, this stays. */
  readonly after: readonly string[];
}

export interface DeletedTag {
  readonly tag: string;
  readonly class: TagLabel;
  readonly because: Because;
}

export interface Kept {
  readonly tag: string;
  /** Absent when the tag resolves to nothing. */
  readonly digest?: Digest;
  readonly class: TagLabel;
  /** At least one. */
  readonly reasons: readonly Reason[];
}

/** What a tag is, in words of the report. */
export type TagLabel =
  | "stage"
  | "index"
  | "rejected"
  | "image-metadata"
  | "managed-image"
  | "custom-tag"
  | "custom-tag-metadata"
  | "import-metadata"
  | "client-id"
  | "sync-server"
  | "last-cleanup"
  | "meta-repo-marker"
  | "journal"
  | "signature"
  | "foreign";
