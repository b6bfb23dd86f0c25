import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { TagLabel } from "../cleanup/plan.ts";

/** Everything that one run of a migration is going to copy, decided before anything is sent. */
export interface MigrationPlan {
  readonly kind: "migration";
  readonly schema: 1;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** One for each repository of the source; a repository of the target may occur more than once. */
  readonly repositories: readonly RepositoryPlan[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export interface RepositoryPlan {
  readonly from: Repository;
  readonly to: Repository;
  /** Whether the target has to be told to make the repository before the first push. */
  readonly needsCreation: boolean;
  /**
   * Whether the target surely has nothing of it: no tag, and no sign that a run began before. Then nobody looks for a blob
   * before it is sent.
   */
  readonly isFresh: boolean;
  /** What is needed comes first: children, indexes, referrers. Only what a tag in `tags` that is not there yet leads to. */
  readonly manifests: readonly PlannedManifest[];
  /** In the order they are set. */
  readonly tags: readonly PlannedTag[];
  /** What is not copied, and why; sorted by tag. */
  readonly left: readonly LeftTag[];
}

/** A manifest that has to be in the target. Its bytes are read again when it is copied: they hash to its digest. */
export interface PlannedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /** Config and layers, each once; none for an index. Layers that lie elsewhere by their nature are left out. */
  readonly blobs: readonly Pick<Descriptor, "digest" | "size">[];
  /** Manifests that are stored before it: children of an index, the subject of a referrer. */
  readonly after: readonly Digest[];
}

export interface PlannedTag {
  /** Name in the source. */
  readonly tag: string;
  /** Name in the target: another one only where several repositories become one, or one becomes several. */
  readonly as: string;
  readonly class: TagLabel;
  readonly digest: Digest;
  /**
   * What the target had when the plan was made.
   *
   * - `missing`: no such tag
   * - `present`: the same digest; nothing is sent
   * - `differs`: another digest, which is to be replaced
   */
  readonly there: "missing" | "present" | "differs";
}

export interface LeftTag {
  readonly tag: string;
  /** Absent when it resolves to nothing. */
  readonly digest?: Digest;
  readonly class: TagLabel;
  readonly why: LeftBecause;
}

/**
 * Why a tag is not copied.
 *
 * - `not-selected`: the selection does not name it
 * - `foreign`: nobody asked for foreign tags
 * - `not-kept`: a cleanup of the source would take it
 * - `transient`: leases, client ids, the address of a lock server and the time of the last cleanup are the source's own
 * - `dangling`: it resolves to nothing
 * - `broken`: a manifest that it leads to is not in the source, or cannot be read
 * - `taken`: the target has another digest under this name, and replacing was not allowed
 * - `unnameable`: the target cannot have a tag or repository of this name
 */
export type LeftBecause =
  | { readonly kind: "not-selected" | "foreign" | "not-kept" | "transient" | "dangling" }
  | { readonly kind: "broken"; readonly missing: Digest }
  | { readonly kind: "taken"; readonly by: Digest }
  | { readonly kind: "unnameable"; readonly rule: string };
