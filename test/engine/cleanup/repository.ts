import type { History } from "../../../src/engine/cleanup/history.ts";
import type { CleanupInput, Facts } from "../../../src/engine/cleanup/inventory.ts";
import type { FoundLease } from "../../../src/engine/cleanup/leases.ts";
import type { CleanupPlan } from "../../../src/engine/cleanup/plan.ts";
import { createCleanupPlanner } from "../../../src/engine/cleanup/planner.ts";
import type { PlanStep } from "../../../src/engine/cleanup/planner.ts";
import type { DeletionMeans } from "../../../src/engine/cleanup/deletions.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { murmurHash } from "../../../src/stages/hash.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { UsedImage } from "../../../src/engine/cleanup/usage.ts";

export const NOW = Date.UTC(2026, 0, 31);
export const DAY_MS = 86_400_000;

export const EVERYTHING: DeletionMeans = {
  tagAlone: true,
  lastTagTakesManifest: false,
  manifest: true,
};

/** A small repository of project `shop`: every tag is an image with the labels given, or an index. */
export interface SmallRepository {
  /** Tags with the letter of their digest. */
  readonly tags: Readonly<Record<string, string>>;
  /** Labels of images by letter, beside the project's. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Children of indexes by letter. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  readonly keep?: readonly string[];
  readonly history?: History;
  readonly keepBuiltWithinHours?: number;
  readonly leases?: readonly FoundLease[];
  readonly usage?: readonly UsedImage[];
  /** Letters of digests that were looked for and are not there. */
  readonly absent?: readonly string[];
  /** Other addresses of `reg.test/shop`. */
  readonly aliases?: readonly Repository[];
}

/** A stage of a letter, thirty days old. */
export function stageOf(letter: string, builtAt = NOW - 30 * DAY_MS): string {
  return `${letter.repeat(56)}-${builtAt}`;
}

export function digestOf(letter: string): Digest {
  return `sha256:${letter.repeat(64)}`;
}

/** The record that image `web` at a commit is a stage. */
export function recordOf(commit: string, stageId: string, image = "web"): string {
  return `meta-${murmurHash(image)}_${commitOf(commit)}_${stageId}`;
}

export function commitOf(letter: string): string {
  return letter.repeat(40);
}

/** One branch, `main`, whose commits are these, newest first, a day apart. */
export function lineOf(...commits: readonly string[]): History {
  const places = new Map(commits.map((letter, place) => [commitOf(letter), place]));
  const times = commits.map((_, place) => (NOW - (place + 1) * DAY_MS) / 1000);
  return {
    references: [
      { kind: "branch", name: "main", commit: commitOf(commits[0] ?? ""), time: times[0] ?? 0 },
    ],
    graph: {
      size: commits.length,
      indexOf: (hex) => places.get(hex) ?? -1,
      hexOf: (place) => commitOf(commits[place] ?? ""),
      times,
      parentOffsets: [...commits.keys(), Math.max(0, commits.length - 1)],
      parents: commits.slice(1).map((_, place) => place + 1),
    },
  };
}

export function stepFor(repository: SmallRepository, means = EVERYTHING): PlanStep {
  return createCleanupPlanner(inputOf(repository))(factsOf(repository), means);
}

/** The plan; throws when something has to be read or learned first. */
export function planFor(repository: SmallRepository, means = EVERYTHING): CleanupPlan {
  const step = stepFor(repository, means);
  if (step.kind === "plan") return step.plan;
  throw new Error(`no plan yet: ${JSON.stringify(step)}`);
}

function inputOf({
  tags,
  keep,
  history,
  keepBuiltWithinHours,
  leases,
  usage,
  aliases,
}: SmallRepository): CleanupInput {
  const limit = { last: undefined, inMs: undefined, operator: "And" } as const;
  return {
    repository: { host: "reg.test", name: "shop" },
    project: "shop",
    tags: Object.entries(tags).map(([tag, letter]) => ({
      tag,
      class: classifyTag(tag),
      digest: digestOf(letter),
    })),
    ...(history === undefined ? {} : { history }),
    ...(leases === undefined ? {} : { leases }),
    ...(usage === undefined ? {} : { usage }),
    ...(aliases === undefined ? {} : { aliases }),
    policies: [
      {
        references: { kind: "branch", pattern: "main", regexp: "^(?:main)$", flags: "", limit },
        imagesPerReference: { last: 1, inMs: undefined, operator: "And" },
      },
    ],
    builtInPolicies: false,
    keepBuiltWithinHours: keepBuiltWithinHours ?? 0,
    keepList: new Set(keep),
    now: NOW,
  };
}

function factsOf({
  tags,
  labels = {},
  indexes = {},
  absent = [],
}: SmallRepository): Map<Digest, Facts> {
  const letters = new Set([...Object.values(tags), ...Object.values(indexes).flat()]);
  const gone = absent.map((letter) => [digestOf(letter), { kind: "absent" }] as const);
  return new Map([
    ...[...letters].map((letter) => [digestOf(letter), factOf(letter)] as const),
    ...gone,
  ]);

  function factOf(letter: string): Facts {
    const children = indexes[letter];
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    if (children !== undefined) {
      return {
        kind: "index",
        children: children.map((child) => ({ digest: digestOf(child), mediaType })),
      };
    }
    const image = { labels: { werf: "shop", ...labels[letter] } };
    return { kind: "image", config: digestOf("f"), image };
  }
}
