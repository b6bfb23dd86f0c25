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
  /**
   * One for each repository of the source and each of the target that it goes to, in the order they are copied. Either
   * may occur more than once.
   */
  readonly repositories: readonly RepositoryPlan[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export interface RepositoryPlan {
  readonly from: Repository;
  readonly to: Repository;
  /** The project whose stages or records are copied. Absent: there are none. */
  readonly project?: string;
  /** Whether the target has to be told to make the repository before the first push. */
  readonly needsCreation: boolean;
  /**
   * Whether the target has nothing: no tag, not even of a run that began before. Then nobody looks for a blob before it
   * is sent.
   */
  readonly isFresh: boolean;
  /** What is needed comes first: children, indexes, referrers. Only what a tag in `tags` that is not there yet leads to. */
  readonly manifests: readonly PlannedManifest[];
  /** In the order they are set. */
  readonly tags: readonly PlannedTag[];
  /** What is not copied, and why; sorted by tag. */
  readonly left: readonly LeftTag[];
}

/**
 * A manifest that has to be in the target. Its bytes are read again when it is copied: they hash to its digest. Most have a
 * tag of the plan, or are a child of one that has; a referrer may have none.
 */
export interface PlannedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /**
   * Config and layers, each once; of an index those of its entries that are no manifests, as in a build cache. Layers that
   * lie elsewhere by their nature are left out.
   */
  readonly blobs: readonly Pick<Descriptor, "digest" | "size">[];
  /** Manifests of this plan that are stored before it: children of an index, the subject of a referrer. */
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
  /** Absent when it resolves to nothing, or nobody had to look. */
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
 * - `subject-left`: a signature of something that is not copied
 * - `broken`: a manifest that it leads to is not in the source, or is none that anybody here understands
 * - `taken`: the target has another digest under this name, and replacing was not allowed
 * - `unnameable`: the target cannot have a tag or repository of this name
 */
export type LeftBecause =
  | {
      readonly kind:
        | "not-selected"
        | "foreign"
        | "not-kept"
        | "transient"
        | "dangling"
        | "subject-left";
    }
  | {
      readonly kind: "broken";
      readonly missing: Digest;
      readonly how: "absent" | "unreadable";
    }
  | { readonly kind: "taken"; readonly by: Digest }
  | { readonly kind: "unnameable"; readonly rule: string };
