import { toRules } from "../../../../src/config/rules.ts";
import { Rules } from "../../../../src/config/rules-schema.ts";
import type { DeletionMeans } from "../../../../src/engine/cleanup/deletions.ts";
import { checkGuards } from "../../../../src/engine/cleanup/guards.ts";
import type { History } from "../../../../src/engine/cleanup/history.ts";
import type { CleanupInput, Facts, Need } from "../../../../src/engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../../../src/engine/cleanup/plan.ts";
import { createCleanupPlanner } from "../../../../src/engine/cleanup/planner.ts";
import type { PlanFindings } from "../../../../src/engine/cleanup/samples.ts";
import type { Digest } from "../../../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../../../src/oci/media-type.ts";
import { describeReason } from "../../../../src/report/describe-reason.ts";
import { classifyTag } from "../../../../src/stages/tag.ts";
import { DAY_MS, EVERYTHING, NOW, digestOf } from "../repository.ts";

/** A repository of images that werf did not build, and the rules that claim them. */
export interface ClaimedRepository {
  /** As the configuration has them. */
  readonly rules: readonly object[];
  readonly tags: Readonly<Record<string, TagSpec>>;
  /** Manifests by letter, of those that say more than that they are an image without labels. */
  readonly manifests?: Readonly<Record<string, ManifestSpec>>;
  readonly history?: History;
  readonly keepBuiltWithinHours?: number;
  readonly more?: Partial<CleanupInput>;
}

/** The letter of its digest, alone or with the days since its push. */
export type TagSpec = string | readonly [letter: string, daysAgo: number];

export interface ManifestSpec {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly created?: string;
  /** Letters of children: the manifest is an index. */
  readonly children?: readonly string[];
  readonly unreadable?: "manifest" | "config";
  /** False: an attestation. */
  readonly runs?: false;
}

export interface Planned {
  readonly plan: CleanupPlan;
  readonly findings: PlanFindings;
  /** Manifests that were asked for, as `letter` or `letter config`, in order. */
  readonly read: readonly string[];
}

export function planClaims(
  repository: ClaimedRepository,
  means: DeletionMeans = EVERYTHING,
): Planned {
  const planner = createCleanupPlanner(inputOf(repository));
  const facts = new Map<Digest, Facts>();
  const read: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const step = planner(facts, means);
    if (step.kind === "plan") return { ...step, read };
    if (step.kind === "learn") throw new Error("the means are not known");
    for (const need of step.needs) {
      const wanted = `${letterOf(need.digest)}${need.config ? " config" : ""}`;
      if (!read.includes(wanted)) read.push(wanted);
      facts.set(need.digest, factOf(repository, need));
    }
  }
  throw new Error("the planner never has enough");
}

/** Every tag that stays with its reasons in words, and every tag that goes with its cause. */
export function outcome(repository: ClaimedRepository): Record<string, string> {
  const { plan } = planClaims(repository);
  const kept = plan.kept.map(({ tag, reasons }) => [tag, reasons.map(describeReason).join("; ")]);
  const gone = plan.deletions.flatMap(({ tags }) => tags.map(({ tag, because }) => [tag, because]));
  return Object.fromEntries([...kept, ...gone]);
}

/** Tags that go, sorted. */
export function going(repository: ClaimedRepository): string[] {
  const { deletions } = planClaims(repository).plan;
  return deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag)).sort();
}

export function guardsOf(repository: ClaimedRepository): string[] {
  const { plan, findings } = planClaims(repository);
  return checkGuards(plan, findings, undefined).map(({ guard }) => guard);
}

function inputOf(repository: ClaimedRepository): CleanupInput {
  const { rules, tags, history, keepBuiltWithinHours = 0, more } = repository;
  const limit = { last: undefined, inMs: undefined, operator: "And" } as const;
  return {
    repository: { host: "reg.test", name: "acme/shop" },
    project: "shop",
    tags: Object.entries(tags).map(([tag, spec]) => {
      const [letter, daysAgo] = typeof spec === "string" ? [spec] : spec;
      const isIndex = repository.manifests?.[letter]?.children !== undefined;
      return {
        tag,
        class: classifyTag(tag),
        digest: digestOf(letter),
        mediaType: isIndex ? OCI_INDEX : OCI_MANIFEST,
        ...(daysAgo === undefined ? {} : { pushedAt: NOW - daysAgo * DAY_MS }),
      };
    }),
    ...(history === undefined ? {} : { history }),
    policies: [
      {
        references: { kind: "branch", pattern: "main", regexp: "^(?:main)$", flags: "", limit },
        imagesPerReference: { last: 1, inMs: undefined, operator: "And" },
      },
    ],
    rules: toRules(Rules.parse(rules)),
    builtInPolicies: false,
    keepBuiltWithinHours,
    keepList: new Set(),
    now: NOW,
    ...more,
  };
}

function factOf({ manifests = {} }: ClaimedRepository, { digest, config }: Need): Facts {
  const spec = manifests[letterOf(digest)] ?? {};
  const { labels = {}, annotations, created, children, unreadable } = spec;
  if (unreadable === "manifest") return { kind: "unreadable" };
  const said = annotations === undefined ? {} : { annotations };
  if (children !== undefined) {
    return {
      kind: "index",
      children: children.map((letter) => ({
        digest: digestOf(letter),
        mediaType: manifests[letter]?.children === undefined ? OCI_MANIFEST : OCI_INDEX,
        ...(manifests[letter]?.runs === false ? { runs: false } : {}),
      })),
      ...said,
    };
  }
  const image = { labels, ...(created === undefined ? {} : { created }) };
  return {
    kind: "image",
    config: digestOf("f"),
    ...said,
    ...(config ? { image: unreadable === "config" ? "unreadable" : image } : {}),
  };
}

function letterOf(digest: Digest): string {
  return digest.slice(-1);
}
