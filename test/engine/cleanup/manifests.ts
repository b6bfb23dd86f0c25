import type { DeletionMeans } from "../../../src/engine/cleanup/deletions.ts";
import type {
  Answers,
  Child,
  CleanupInput,
  Facts,
  UntaggedManifest,
} from "../../../src/engine/cleanup/inventory.ts";
import { namesOf } from "../../../src/engine/cleanup/plan.ts";
import type { CleanupPlan } from "../../../src/engine/cleanup/plan.ts";
import type { UsedImage } from "../../../src/engine/cleanup/usage.ts";
import { createCleanupPlanner } from "../../../src/engine/cleanup/planner.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../../src/oci/media-type.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import { EVERYTHING, NOW, digestOf } from "./repository.ts";

/** What lies in a repository under one digest. */
export interface Stored {
  readonly tags?: readonly string[];
  /** Letters of children: it is an index. */
  readonly children?: readonly string[];
  /** Letter of what it is about. */
  readonly about?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly unreadable?: boolean;
  /** Hours ago; `null`: the listing does not tell. Default: 100. */
  readonly pushed?: number | null;
}

export interface Lying {
  /** By the letter of the digest; what only children name and is not here is not there. */
  readonly stored: Readonly<Record<string, Stored>>;
  readonly keep?: readonly string[];
  /** Letters of what runs under the address of another repository. */
  readonly runs?: readonly string[];
  readonly hours?: number;
  readonly deleteUntagged?: boolean;
  readonly deleteOrphans?: boolean;
  /** Whether the registry lists manifests, and was asked to. Default: when anything of that is to go. */
  readonly listed?: boolean;
  readonly means?: Partial<DeletionMeans>;
}

export interface Outcome {
  readonly plan: CleanupPlan;
  /** Names of what goes, in order; `letter` for what has no tag. */
  readonly goes: readonly string[];
  /** What was asked, as `presence a`. */
  readonly asked: readonly string[];
}

const HOUR_MS = 3_600_000;
const MOST_STEPS = 50;

/** Plans a cleanup of project `shop` without history, answering whatever the planner asks. */
export function planSweep(lying: Lying): Outcome {
  const planner = createCleanupPlanner(inputOf(lying));
  const means = { ...EVERYTHING, ...lying.means };
  const facts = new Map<Digest, Facts>();
  const presence = new Map<Digest, boolean>();
  const referrers = new Map<Digest, readonly Child[]>();
  const answers: Answers = { presence, referrers };
  const asked: string[] = [];
  for (let at = 0; at < MOST_STEPS; at += 1) {
    const step = planner(facts, means, answers);
    if (step.kind === "plan") return { plan: step.plan, goes: goesIn(step.plan), asked };
    if (step.kind === "learn") throw new Error(`the planner wants to learn ${step.only ?? "tags"}`);
    for (const { digest } of step.needs) readDown(digest);
    for (const { ask, digest } of step.questions ?? []) {
      const letter = letterOf(digest);
      asked.push(`${ask} ${letter}`);
      if (ask === "presence") presence.set(digest, letter in lying.stored);
      else referrers.set(digest, aboutIn(lying, letter));
    }
  }
  throw new Error("the planner never has enough");

  /** As a run does: with an index, the indexes below it. */
  function readDown(top: Digest): void {
    const below = new Set([top]);
    for (const digest of below) {
      const fact = factOf(lying, letterOf(digest));
      facts.set(digest, fact);
      for (const child of fact.kind === "index" ? fact.children : []) {
        if (child.mediaType === OCI_INDEX && !facts.has(child.digest)) below.add(child.digest);
      }
    }
  }
}

/** Why an untagged manifest stays, by its letter. */
export function keptManifests({ keptManifests: kept = [] }: CleanupPlan): Record<string, unknown> {
  return Object.fromEntries(kept.map(({ digest, reasons }) => [letterOf(digest), reasons]));
}

export function letterOf(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 1);
}

function goesIn({ deletions }: CleanupPlan): string[] {
  return deletions.map((item) =>
    item.tags.length === 0 ? letterOf(item.digest) : namesOf(item).join(" "),
  );
}

function inputOf(lying: Lying): CleanupInput {
  const { stored, keep = [], runs = [], hours = 2 } = lying;
  const { deleteUntagged = false, deleteOrphans = false } = lying;
  const entries = Object.entries(stored);
  const untagged = entries
    .filter(([, { tags = [] }]) => tags.length === 0)
    .map(([letter, content]): UntaggedManifest => {
      const mediaType = content.children === undefined ? OCI_MANIFEST : OCI_INDEX;
      const { pushed = 100 } = content;
      const time = pushed === null ? {} : { pushedAt: NOW - pushed * HOUR_MS };
      return { digest: digestOf(letter), mediaType, ...time };
    });
  return {
    repository: { host: "reg.test", name: "shop" },
    project: "shop",
    tags: entries.flatMap(([letter, { tags = [], children }]) =>
      tags.map((tag) => ({
        tag,
        class: classifyTag(tag),
        digest: digestOf(letter),
        mediaType: children === undefined ? OCI_MANIFEST : OCI_INDEX,
      })),
    ),
    policies: [],
    builtInPolicies: true,
    keepBuiltWithinHours: hours,
    keepList: new Set(keep),
    ...(runs.length === 0 ? {} : { usage: runs.map(useElsewhere) }),
    ...((lying.listed ?? (deleteUntagged || deleteOrphans)) ? { untagged } : {}),
    deleteUntagged,
    deleteOrphans,
    now: NOW,
  };
}

function useElsewhere(letter: string): UsedImage {
  const image = `elsewhere.test/other@${digestOf(letter)}`;
  return { image, cluster: "prod", namespace: "shop", object: "Pod/web", container: "web" };
}

function factOf({ stored }: Lying, letter: string): Facts {
  const content = stored[letter];
  if (content === undefined) return { kind: "absent" };
  if (content.unreadable === true) return { kind: "unreadable" };
  const subject = content.about === undefined ? {} : { subject: digestOf(content.about) };
  if (content.children !== undefined) {
    const children = content.children.map((child) => ({
      digest: digestOf(child),
      mediaType: stored[child]?.children === undefined ? OCI_MANIFEST : OCI_INDEX,
    }));
    return { kind: "index", children, ...subject };
  }
  const image = { labels: { werf: "shop", ...content.labels } };
  return { kind: "image", config: digestOf("f"), image, ...subject };
}

function aboutIn({ stored }: Lying, letter: string): Child[] {
  return Object.entries(stored)
    .filter(([, { about }]) => about === letter)
    .map(([about]) => ({ digest: digestOf(about), mediaType: OCI_MANIFEST }));
}
