import type { GuardName } from "../../engine/cleanup/guards.ts";
import type { TagLabel } from "../../engine/cleanup/plan.ts";
import type { Rule } from "../../engine/cleanup/rules/rule.ts";
import type { MigrationPlan, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Namespace, Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CleanupPolicy } from "../cleanup/policy.ts";

/** What is copied, from where to where. The roles of both sides are `from` and `to`. */
export interface MigrationRequest {
  readonly from: MigrationSide;
  /**
   * - repository → repository: as it is
   * - below → below: every repository keeps its path below the namespace
   * - below → repository: all into one; a tag of an image gets the image's name in front, as in `IMAGE-TAG`
   * - repository → below: that, undone: `IMAGE-TAG` goes into a repository for each image, the rest into the namespace itself
   */
  readonly to: MigrationSide;
  /** Where the records of the source are, when they are not with its stages. They come to the target's stages. */
  readonly fromMetaRepo?: Repository;
  readonly selection: Selection;
  /** Whether a tag that has another digest in the target is replaced. */
  readonly overwrite: boolean;
  /** Whether referrers come along that no tag of the source names; on most registries that costs a request a manifest. */
  readonly referrers: boolean;
  /** Names of images that tags in one repository begin with, besides those that the source's records tell. */
  readonly imageNames?: readonly string[];
  /** Guards that this run may pass. */
  readonly allow: ReadonlySet<MigrationGuard | GuardName>;
}

export type MigrationSide =
  | { readonly kind: "repository"; readonly repository: Repository }
  /** Every repository at or below the namespace. */
  | { readonly kind: "below"; readonly namespace: Namespace };

/** Names that `--allow` takes, besides those of a cleanup where it decides what is kept. */
export const MIGRATION_GUARDS = ["empty-source", "other-project", "left-behind"] as const;

export type MigrationGuard = (typeof MIGRATION_GUARDS)[number];

/**
 * Which tags are copied; a tag has to pass all that is given. Where stages are chosen by name, image or age, their records,
 * their custom tags and what they were made of pass with them. Children, signatures and other referrers of what goes come
 * with it, whatever was chosen.
 */
export interface Selection {
  /** Absent: every class, but foreign tags only with `foreign`. */
  readonly classes?: ReadonlySet<TagLabel>;
  /** Names of images, `*` for any characters; absent: all. */
  readonly images?: readonly string[];
  /** Names of tags, `*` for any characters; absent: all. */
  readonly tags?: readonly string[];
  /** Most and least age of a stage or an image. Milliseconds. What tells no age is copied. */
  readonly youngerThanMs?: number;
  readonly olderThanMs?: number;
  /** Only what a cleanup of the source by this policy would keep. */
  readonly kept?: Omit<CleanupPolicy, "repository" | "metaRepo">;
  /** Whether tags come along that nothing of the project knows. */
  readonly foreign: boolean;
  /** Rules that claim foreign tags; those they claim are no longer foreign. */
  readonly rules?: readonly Rule[];
}

/** A plan, and the registries that it is about. They are open as long as the command. */
export interface GatheredMigration {
  readonly plan: MigrationPlan;
  /** The registries of one of the plan's repositories, each opened as its role. */
  open(planned: RepositoryPlan): OpenSides;
}

export interface OpenSides {
  readonly from: Registry;
  readonly to: Registry;
}
