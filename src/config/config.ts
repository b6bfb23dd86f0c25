import type { VersionRange } from "./version-range.ts";

/** What the configuration file says, every default applied: nothing else knows the defaults. Frozen. */
export interface Config {
  /** The file that was read, as it was found. */
  readonly path: string;
  readonly project: string;
  readonly cleanup: CleanupConfig;
  readonly usage: UsageConfig;
  readonly git: GitConfig;
}

export interface GitConfig {
  /** Whether branches and tags of the remote are fetched before references are read. */
  readonly fetch: boolean;
  /** Whether a shallow clone is taken as it is. */
  readonly allowShallow: boolean;
}

/** Where images may be in use. */
export interface UsageConfig {
  readonly kubernetes: {
    /** Contexts that have to be there. */
    readonly contexts: readonly string[];
    readonly finishedJobs: boolean;
    /** 0: Helm releases are not read. */
    readonly helmRevisions: number;
    readonly customResources: readonly {
      readonly group: string;
      readonly version: string;
      readonly resource: string;
    }[];
  };
  /** Other addresses by the address that they are of. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

export interface CleanupConfig {
  /** Whether cleanup changes nothing in this project's repository. */
  readonly disabled: boolean;
  /** Whether images that clusters use are kept. */
  readonly kubernetes: boolean;
  /** Whether `keepPolicies` count. */
  readonly gitHistory: boolean;
  /** Hours; 0: age keeps nothing. */
  readonly keepBuiltWithinHours: number;
  /** Whether manifests go that no tag names and nothing that stays leads to. */
  readonly deleteUntagged: boolean;
  /** Whether referrers go whose subject is not there. */
  readonly deleteOrphans: boolean;
  /** In order; the built-in ones when the file gives none. */
  readonly keepPolicies: readonly KeepPolicy[];
  /** Whether `keepPolicies` are the built-in ones. */
  readonly builtInPolicies: boolean;
  /** How long after its last build an image name goes that no reference defines. Milliseconds. `undefined`: never. */
  readonly retireImagesAfterMs: number | undefined;
  /** Rules that claim foreign tags, in order. */
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** `rule N` where the file gives none. */
  readonly name: string;
  readonly tags: TagPattern;
  readonly image: string | undefined;
  readonly gitHistory: boolean;
  readonly readRevision: boolean;
  readonly keep: readonly KeepEntry[];
}

export interface TagPattern {
  /** As written. */
  readonly pattern: string;
  /** Source of a JavaScript regular expression that matches whole tags; a rule's may capture image, commit and version. */
  readonly regexp: string;
  readonly flags: string;
}

export interface KeepEntry {
  readonly tags: TagPattern | undefined;
  readonly withoutCommit: boolean;
  readonly versions: VersionRange | undefined;
  readonly per: "image" | "major" | "minor";
  readonly limit: Limit;
}

export interface KeepPolicy {
  readonly references: ReferencePolicy;
  /** `last` is always given: its default is 1, with `Or` too. */
  readonly imagesPerReference: Limit;
}

export interface ReferencePolicy {
  readonly kind: "branch" | "tag";
  /** As written: `main` or `/release-.*\/`. */
  readonly pattern: string;
  /** Source of a JavaScript regular expression that matches whole names. */
  readonly regexp: string;
  readonly flags: string;
  readonly limit: Limit;
}

export interface Limit {
  /** -1: no limit. `undefined`: not given. */
  readonly last: number | undefined;
  /** Milliseconds. `undefined`: not given. */
  readonly inMs: number | undefined;
  readonly operator: "And" | "Or";
}
