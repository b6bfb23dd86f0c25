import type { Limit } from "../policy.ts";

/** One of `cleanup.rules`: which foreign tags are this project's, and which of them stay. */
export interface Rule {
  /** What reports call it: the name in the configuration, else `rule N`, from 1. */
  readonly name: string;
  /** May have the groups `image`, `commit` and `version`. */
  readonly tags: TagPattern;
  /** The image that every claimed tag is of; absent: the group `image`, else the last part of the repository's name. */
  readonly image?: string | undefined;
  /** Whether `cleanup.keepPolicies` count for tags whose commit is known. */
  readonly gitHistory: boolean;
  /** Whether the commit is taken from `org.opencontainers.image.revision` where the tag does not tell it. */
  readonly readRevision: boolean;
  readonly keep: readonly KeepEntry[];
}

export interface TagPattern {
  /** As written: a literal tag or `/regexp/`. */
  readonly pattern: string;
  /** Source of an anchored regular expression. */
  readonly regexp: string;
  readonly flags: string;
}

/**
 * One of a rule's `keep`: which of its tags stay besides those that Git keeps.
 *
 * It looks at the tags that `tags`, `withoutCommit` and `versions` leave, and keeps those that the range and the limit
 * admit. With neither limit nor range it keeps all that it looks at.
 */
export interface KeepEntry {
  readonly tags?: TagPattern | undefined;
  /** Whether it looks only at tags that name no commit. */
  readonly withoutCommit: boolean;
  /** Whether it looks only at semantic versions, and which; `last` then counts by version. */
  readonly versions?: VersionRange | undefined;
  /** What `last` counts in: all tags of an image, or those of one major or minor version. */
  readonly per: "image" | "major" | "minor";
  readonly limit: Limit;
}

/** Versions that satisfy every comparator of at least one alternative. */
export interface VersionRange {
  /** As written. */
  readonly range: string;
  readonly anyOf: readonly (readonly Comparator[])[];
}

export interface Comparator {
  readonly operator: "<" | "<=" | ">" | ">=" | "=";
  readonly version: Version;
}

/** A semantic version; build metadata takes no part. Source: semver.org 2.0.0. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Identifiers of the pre-release; empty for a release. */
  readonly pre: readonly string[];
}
