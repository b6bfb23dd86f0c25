import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { RegistryErrorCode } from "../../registry/error.ts";

/** What came back. */
export interface RestoreResult {
  readonly repository: Repository;
  readonly dryRun: boolean;
  /** The journals it was read from, the newest first. */
  readonly journals: readonly string[];
  /** Sorted by name. In a dry run, what would become of each. */
  readonly items: readonly RestoredItem[];
  /** What of the journals cannot be read, a sentence each. */
  readonly problems: readonly string[];
  /** Why the run ended before its end; absent when it did not. */
  readonly brokeOff?: string;
  /** Manifests that were not tried, when it broke off. */
  readonly untried: number;
  /** Where tags are written down that were moved; absent when none was. */
  readonly journal?: string;
}

export interface RestoredItem {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly tags: readonly RestoredTag[];
  /**
   * - `restored`: it is back, with everything below it
   * - `there`: nothing was missing
   * - `left`: all its tags name something else by now, and nothing else needs it
   * - `partly`: some of its children are gone; with the manifest or, where the registry refuses it so, without
   * - `gone`: a blob of it, or everything below it, is gone
   * - `failed`: the registry did not take it
   */
  readonly status: "restored" | "there" | "left" | "partly" | "gone" | "failed";
  /** What is gone. */
  readonly missing: readonly Missing[];
  readonly code?: RegistryErrorCode;
  /** What the registry said, one line. */
  readonly message?: string;
}

export interface RestoredTag {
  readonly tag: string;
  /** `left`: it names something else by now. `absent`: it did not come back. */
  readonly status: "restored" | "there" | "left" | "absent";
  /** What it names instead; with `left`. */
  readonly now?: Digest;
}

export interface Missing {
  readonly kind: "blob" | "child";
  readonly digest: Digest;
}
