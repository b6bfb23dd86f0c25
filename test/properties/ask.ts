import type { GitHistory } from "../../src/commands/deps.ts";
import type { KeepPolicy, Limit } from "../../src/engine/cleanup/policy.ts";
import type { CleanupPolicy } from "../../src/commands/cleanup/policy.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { extraPolicy } from "./ask-extras.ts";
import type { Extras } from "./extras.ts";
import type { LimitSpec, PolicySpec } from "./spec.ts";

export const HOUR_MS = 3_600_000;

/** What a cleanup is asked to keep: plain values, for the product and for the model alike. */
export interface Ask {
  readonly project: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly hours: number;
  readonly keepList: ReadonlySet<string>;
  /** Absent: the Git policies are off. */
  readonly git: Git | undefined;
  /** Absent: no rules, nothing in use, no leases, and manifests without a tag are left alone. */
  readonly extras?: Extras;
}

export interface Git {
  readonly policies: readonly PolicySpec[];
  readonly references: readonly Reference[];
  /** What the references reach, children before parents. */
  readonly commits: readonly Commit[];
}

export interface Reference {
  readonly kind: "branch" | "tag";
  readonly name: string;
  readonly commit: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

export interface Commit {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly parents: readonly string[];
}

/** The ask in the product's words. */
export function cleanupPolicy(ask: Ask, repository: Repository): CleanupPolicy {
  return {
    repository,
    project: ask.project,
    gitHistory: ask.git !== undefined,
    fetch: false,
    policies: (ask.git?.policies ?? []).map(keepPolicy),
    builtInPolicies: false,
    keepBuiltWithinHours: ask.hours,
    keepList: ask.keepList,
    ...(ask.extras === undefined ? {} : extraPolicy(ask.extras)),
  };
}

/** The history in the product's words. */
export function historyOf({ references, commits }: Git): GitHistory {
  const places = new Map(commits.map(({ id }, at) => [id, at]));
  const parents: number[] = [];
  const parentOffsets = [0];
  for (const commit of commits) {
    for (const id of commit.parents) parents.push(places.get(id) ?? -1);
    parentOffsets.push(parents.length);
  }
  return {
    references,
    warnings: [],
    graph: {
      size: commits.length,
      indexOf: (hex) => places.get(hex) ?? -1,
      hexOf: (at) => commits[at]?.id ?? "",
      times: Float64Array.from(commits, ({ time }) => time),
      parentOffsets: Uint32Array.from(parentOffsets),
      parents: Uint32Array.from(parents),
    },
  };
}

function keepPolicy({ kind, names, references, images }: PolicySpec): KeepPolicy {
  return {
    references: {
      kind: kind === "tag" ? "tag" : "branch",
      pattern: `/${names}/`,
      regexp: names,
      flags: "",
      limit: limitOf(references),
    },
    imagesPerReference: limitOf(images),
  };
}

/** Half an hour more, so that no age stands exactly on the border. */
export function limitMs({ inHours }: LimitSpec): number | undefined {
  return inHours === undefined ? undefined : inHours * HOUR_MS + HOUR_MS / 2;
}

function limitOf(limit: LimitSpec): Limit {
  return {
    last: limit.last,
    inMs: limitMs(limit),
    operator: limit.operator === "Or" ? "Or" : "And",
  };
}
