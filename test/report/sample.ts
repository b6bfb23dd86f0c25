import type { History } from "../../src/engine/cleanup/history.ts";
import type { CleanupInput } from "../../src/engine/cleanup/inventory.ts";
import type { CleanupPlan, Deletion, Kept } from "../../src/engine/cleanup/plan.ts";
import type { KeepPolicy } from "../../src/engine/cleanup/policy.ts";
import type { CleanupResult } from "../../src/commands/cleanup/result.ts";
import { resultOfPlan } from "../../src/commands/cleanup/result.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { classifyTag } from "../../src/stages/tag.ts";
import { murmurHash } from "../../src/stages/hash.ts";
import type { ReportedRepository, ReportedRun } from "../../src/report/run.ts";

export const NOW = Date.UTC(2026, 0, 31);
const HOUR_MS = 3_600_000;

/** A history in one line, newest first: `size` commits, an hour apart; a branch on the first, and `branches` more. */
export function lineOf(size: number, branches: readonly string[] = []): History {
  const commits = Array.from({ length: size }, (_, place) => hexOf(`commit ${place}`, 40));
  const places = new Map(commits.map((commit, place) => [commit, place]));
  const times = commits.map((_, place) => (NOW - place * HOUR_MS) / 1000);
  const names = ["main", ...branches];
  return {
    references: names.map((name, place) => ({
      kind: "branch",
      name,
      commit: commits[place] ?? "",
      time: times[place] ?? 0,
    })),
    graph: {
      size,
      indexOf: (hex) => places.get(hex) ?? -1,
      hexOf: (place) => commits[place] ?? "",
      times,
      parentOffsets: [...commits.keys(), size - 1],
      parents: Array.from({ length: size - 1 }, (_, place) => place + 1),
    },
  };
}

/** Every branch, and of each the newest images. */
export function everyBranch(last: number): KeepPolicy {
  const all = { last: undefined, inMs: undefined, operator: "And" } as const;
  return {
    references: { kind: "branch", pattern: "/.*/", regexp: "^(?:.*)$", flags: "", limit: all },
    imagesPerReference: { ...all, last },
  };
}

/** A stage at each of the first commits of a line, of which every third stays; every stage has its record. */
export function projectOf(
  stages: number,
  history: History,
): { plan: CleanupPlan; input: CleanupInput } {
  const kept: Kept[] = [
    keptTag("managed-image-shop", "managed-image", [{ kind: "service" }]),
    keptTag("notes", "foreign", [{ kind: "foreign" }]),
  ];
  const deletions: Deletion[] = [];
  for (let place = 0; place < stages; place += 1) {
    const commit = history.graph.hexOf(place);
    const tag = stageOf(`stage ${place}`, place);
    const record = `meta-${murmurHash("shop")}_${commit}_${tag}`;
    if (place % 3 === 0) {
      const evidence = { policy: 0, reference: "branch main", commit, image: "shop" };
      kept.push(keptTag(tag, "stage", [{ kind: "git-policy", ...evidence }]));
      kept.push(keptTag(record, "image-metadata", [{ kind: "record", of: tag }]));
    } else {
      deletions.push(goingTag({ tag, class: "stage", because: "unneeded" }));
      deletions.push(
        goingTag({ tag: record, class: "image-metadata", because: "stage-gone" }, [tag]),
      );
    }
  }
  const plan = planOf({ kept, deletions });
  const tags = [...kept, ...deletions.flatMap((item) => item.tags)].map(({ tag }) => ({
    tag,
    digest: digestFor(tag),
    class: classifyTag(tag),
  }));
  return { plan, input: inputOf({ history, policies: [everyBranch(1)], tags }) };
}

export function planOf(more: Partial<CleanupPlan> = {}): CleanupPlan {
  return {
    kind: "cleanup",
    schema: 1,
    repository: { host: "reg.example", name: "acme/shop" },
    project: "shop",
    createdAt: new Date(NOW).toISOString(),
    deletions: [],
    kept: [],
    warnings: [],
    references: {},
    ...more,
  };
}

export function inputOf(more: Partial<CleanupInput> = {}): CleanupInput {
  return {
    repository: { host: "reg.example", name: "acme/shop" },
    project: "shop",
    tags: [],
    policies: [],
    builtInPolicies: false,
    keepBuiltWithinHours: 2,
    keepList: new Set(),
    now: NOW,
    ...more,
  };
}

/** A run on one repository that came to its end. */
export function runOf(
  repository: Pick<ReportedRepository, "result"> & Partial<ReportedRepository>,
  more: Partial<ReportedRun> = {},
): ReportedRun {
  return {
    command: "cleanup",
    version: "1.2.3",
    dryRun: repository.result.dryRun,
    startedAt: "2026-01-31T00:00:00.000Z",
    endedAt: "2026-01-31T00:01:00.000Z",
    exitCode: 0,
    repositories: [{ role: "repo", ...repository }],
    ...more,
  };
}

/** What became of a plan that was carried out as it was. */
export function doneOf(plan: CleanupPlan, more: Partial<CleanupResult> = {}): CleanupResult {
  return { ...resultOfPlan(plan), dryRun: false, ...more };
}

export function keptTag(tag: string, label: Kept["class"], reasons: Kept["reasons"]): Kept {
  return { tag, digest: digestFor(tag), class: label, reasons };
}

export function goingTag(tag: Deletion["tags"][number], after: readonly string[] = []): Deletion {
  return { digest: digestFor(tag.tag), how: "manifest", tags: [tag], level: after.length, after };
}

export function stageOf(name: string, hoursOld = 0): string {
  return `${hexOf(name, 56)}-${NOW - hoursOld * HOUR_MS}`;
}

export function digestFor(name: string): Digest {
  return digestOf(new TextEncoder().encode(name));
}

function hexOf(name: string, length: number): string {
  return digestFor(name).slice("sha256:".length, "sha256:".length + length);
}
