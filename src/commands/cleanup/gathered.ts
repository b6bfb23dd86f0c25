import type { CleanupInput, Facts, Primary } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import type { PlanFindings } from "../../engine/cleanup/samples.ts";
import type { Digest } from "../../oci/digest.ts";
import type { HomeListing, Homes, HomeTags } from "./homes.ts";
import type { ListedLeases } from "./leases.ts";

/** A plan, and the means to make it again when the repository has changed. */
export interface Gathered {
  readonly plan: CleanupPlan;
  readonly findings: PlanFindings;
  /** What the plan was decided from. */
  readonly input: CleanupInput;
  /**
   * Lists again and plans again, as if the tags in `held`, and every tag that appeared or moved since the first plan, and
   * every manifest that came without one, were in the keep list: what somebody just pushed may need what it names, though
   * nothing tells that yet.
   *
   * Answers `undefined` when nothing is new: no tag appeared, none that can move has moved, none is held, and none is
   * missing but those in `gone`, which this run removed. What another removed counts: a custom tag without its record is
   * nobody's to delete.
   */
  replan(held: ReadonlySet<string>, gone: ReadonlySet<string>): Promise<CleanupPlan | undefined>;
  /** Asks clusters again, for the next `replan`: whether an image is in use that was not before. */
  hasNewUses(): Promise<boolean>;
  /** Reads the history again, for the next `replan`: the run had to wait. */
  rereadHistory(): Promise<void>;
  /** The leases of the last listing. */
  leases(): ListedLeases;
  readonly homes: Homes;
  /** What the last listing of the homes found. */
  tags(): HomeTags;
  /** What was read of manifests so far; what a digest says is the same everywhere. */
  readonly facts: ReadonlyMap<Digest, Facts>;
}

/** What a cleanup may be given besides the repository itself. */
export interface GatherContext {
  /** What the primary repository says by now, where this one holds its copies. Asked before each decision. */
  readonly primary?: () => Promise<Primary>;
  /** A listing that was taken already. */
  readonly listing?: HomeListing;
  /** What is known of manifests that are stored here or in another repository of the project. */
  readonly facts?: ReadonlyMap<Digest, Facts>;
}
