import type { KeepPolicy } from "../../engine/cleanup/policy.ts";
import type { Rule } from "../../engine/cleanup/rules/rule.ts";
import type { Repository } from "../../oci/reference.ts";
import type { SweepPolicy } from "./untagged.ts";
import type { UsagePolicy } from "./usage.ts";

/** What a cleanup is asked to keep, and where. */
export interface CleanupPolicy {
  readonly repository: Repository;
  readonly project: string;
  readonly gitHistory: boolean;
  /** Whether the remote may be asked. */
  readonly fetch: boolean;
  readonly policies: readonly KeepPolicy[];
  readonly builtInPolicies: boolean;
  /** Rules that claim foreign tags; absent: none. */
  readonly rules?: readonly Rule[];
  readonly keepBuiltWithinHours: number;
  readonly keepList: ReadonlySet<string>;
  /** Who is asked which images are in use; absent: nobody. */
  readonly usage?: UsagePolicy;
  /** Where the records are, when they are not with the stages. */
  readonly metaRepo?: Repository;
  /** When image names go that no reference defines any more; absent: never. */
  readonly retire?: {
    /** How long after the last sign of life. Milliseconds. */
    readonly afterMs: number;
    /** The configuration file of this run. */
    readonly configPath: string;
  };
  /** Whether everything of the project is to go that nothing but policies keeps. Default: false. */
  readonly purge?: boolean;
  /** What goes besides the tags of the project. Absent: nothing. */
  readonly sweep?: SweepPolicy;
  /** How long a journal in the repository stays. Milliseconds. Absent: for good. */
  readonly journalKeepMs?: number;
}
