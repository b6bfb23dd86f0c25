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
  /** Manifests without a tag that stay, sorted by digest; absent when nobody looked for any. */
  readonly keptManifests?: readonly KeptManifest[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** `refs/…`-less names of the references and their commits, so that a later apply sees what moved. */
  readonly references: Readonly<Record<string, string>>;
}

/** What goes together in one step: tags of one digest, or a manifest that no tag names. */
export interface Deletion {
  readonly digest: Digest;
  /** `manifest`: the manifest and every tag on it. `tag`: the tag alone, its manifest stays. */
  readonly how: "manifest" | "tag";
  /** Tags seen at planning time, all of them planned. Empty: nothing names the manifest but its digest. */
  readonly tags: readonly DeletedTag[];
  /** Why a manifest without tags goes; there exactly where `tags` is empty, and `how` is `manifest`. */
  readonly because?: BecauseUntagged;
  /** Items of a lower level are settled first. */
  readonly level: number;
  /** Names of what has to be gone first: while one of them stays, this stays. See `namesOf`. */
  readonly after: readonly string[];
}

/**
 * Why a manifest goes that no tag names.
 *
 * - `untagged`: nothing that stays leads to it, and it is old enough
 * - `orphan`: what it is about is not there
 * - `subject-gone`: what it is about goes
 */
export type BecauseUntagged = Extract<Because, "untagged" | "orphan" | "subject-gone">;

/** What stands for an item where others refer to it: its tags, or its digest where it has none. No tag has a colon. */
export function namesOf({ digest, tags }: Pick<Deletion, "digest" | "tags">): readonly string[] {
  return tags.length === 0 ? [digest] : tags.map(({ tag }) => tag);
}

export interface DeletedTag {
  readonly tag: string;
  readonly class: TagLabel;
  readonly because: Because;
  /** What the rule that claims the tag tells of it; only with class `image`. */
  readonly claim?: ClaimedAs;
}

/** What a rule tells of a tag that it claims. */
export interface ClaimedAs {
  readonly rule: string;
  readonly image: string;
  /** Commits it was built from, in full where the history has them; several only for an index. */
  readonly commits: readonly string[];
}

export interface Kept {
  readonly tag: string;
  /** Absent when the tag resolves to nothing. */
  readonly digest?: Digest;
  readonly class: TagLabel;
  /** At least one. */
  readonly reasons: readonly Reason[];
  /** As in a deletion. */
  readonly claim?: ClaimedAs;
}

export interface KeptManifest {
  readonly digest: Digest;
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
  | "lease"
  | "signature"
  /** A tag that a rule claims. */
  | "image"
  /** A manifest that no tag names. */
  | "untagged"
  | "foreign";
