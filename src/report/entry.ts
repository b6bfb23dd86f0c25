import { nameOf } from "../commands/cleanup/result.ts";
import type { Because } from "../engine/cleanup/decision.ts";
import { namesOf } from "../engine/cleanup/plan.ts";
import type { ClaimedAs, CleanupPlan, TagLabel } from "../engine/cleanup/plan.ts";
import type { Reason } from "../engine/cleanup/reason.ts";
import type { Digest } from "../oci/digest.ts";
import { murmurHash } from "../stages/hash.ts";
import { classifyTag } from "../stages/tag.ts";
import type { ReportedRepository } from "./run.ts";
import { SKIPPED } from "./skipped.ts";

export const STATUSES = ["kept", "deleted", "failed", "skipped", "remaining"] as const;

/**
 * What became of a tag, or of a manifest without one. `remaining`: it was to go, and the run ended before its turn.
 */
export type Status = (typeof STATUSES)[number];

/** A tag, or a manifest that no tag names, with all that is known of it. */
export interface Entry {
  readonly status: Status;
  /** The tag; the digest where there is none. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
  readonly class: TagLabel;
  /** Why it stays; with `kept`. */
  readonly reasons: readonly Reason[];
  /** Why it goes, or was to go. */
  readonly because?: Because;
  /** `manifest`: the manifest and every tag on it; `tag`: the tag alone. */
  readonly how?: "manifest" | "tag";
  /** What went wrong, or why it was skipped; one line. */
  readonly problem?: string;
  /** Class of a failure. */
  readonly code?: string;
  readonly why?: "changed" | "still-needed" | "refused";
  /** Name of the rule that claims it. */
  readonly rule?: string;
  /** Names of the images that it is, by the records or by the rule that claims it. */
  readonly images: readonly string[];
  /** Commits that it was built from. */
  readonly commits: readonly string[];
  /** Id of the stage that a record tells of, or that the tag is. */
  readonly stageId?: string;
  /** Milliseconds since the epoch. */
  readonly builtAt?: number;
  readonly pushedAt?: number;
  /** Bytes with all that it reaches. */
  readonly size?: number;
}

/** Every tag of a repository, and every manifest without one that somebody decided about, sorted by name. */
export function entriesOf({ result, input, freed }: ReportedRepository): readonly Entry[] {
  const { plan } = result;
  const told = builtOf(plan);
  const pushed = new Map(input?.tags.map(({ tag, pushedAt }) => [tag, pushedAt]));
  const planned = plannedOf(plan);
  const settled = new Set<string>();

  const entry = (
    status: Status,
    known: { readonly tag?: string; readonly digest?: Digest; readonly class: TagLabel },
    more: Partial<Entry>,
  ): Entry => {
    const name = known.tag ?? known.digest ?? "";
    settled.add(name);
    const built = known.tag === undefined ? undefined : told(known.tag);
    const pushedAt = known.tag === undefined ? undefined : pushed.get(known.tag);
    const size = known.digest === undefined ? undefined : freed?.sizes.get(known.digest);
    return {
      status,
      name,
      ...(known.tag === undefined ? {} : { tag: known.tag }),
      ...(known.digest === undefined ? {} : { digest: known.digest }),
      class: known.class,
      reasons: [],
      images: [],
      commits: [],
      ...built,
      ...(pushedAt === undefined ? {} : { pushedAt }),
      ...(size === undefined ? {} : { size }),
      ...more,
    };
  };
  const going = (name: string): Partial<Entry> => planned.get(name) ?? {};

  const entries = [
    ...result.kept.map((kept) =>
      entry("kept", kept, { reasons: kept.reasons, ...claimOf(kept.claim) }),
    ),
    ...(plan.keptManifests ?? []).map(({ digest, reasons }) =>
      entry("kept", { digest, class: "untagged" }, { reasons }),
    ),
    ...result.deleted.map((gone) =>
      entry("deleted", gone, { ...going(nameOf(gone)), how: gone.how }),
    ),
    ...result.failed.map((left) =>
      entry("failed", left, { ...going(nameOf(left)), problem: left.message, code: left.code }),
    ),
    ...result.skipped.map((left) =>
      entry("skipped", left, {
        ...going(nameOf(left)),
        problem: left.message ?? SKIPPED[left.why],
        why: left.why,
      }),
    ),
  ];
  for (const { digest, tags } of plan.deletions) {
    if (tags.length === 0 && !settled.has(digest)) {
      entries.push(entry("remaining", { digest, class: "untagged" }, going(digest)));
    }
    for (const { tag, class: label } of tags) {
      if (!settled.has(tag))
        entries.push(entry("remaining", { tag, digest, class: label }, going(tag)));
    }
  }
  return entries.sort((a, b) => compare(sortKey(a), sortKey(b)));
}

/** Names of images by the murmur hash that records carry. */
export function imageNamesOf(plan: CleanupPlan): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const tag of tagsOf(plan)) {
    const known = classifyTag(tag);
    if (known.kind === "managed-image") names.set(murmurHash(known.imageName), known.imageName);
  }
  return names;
}

type Built = Pick<Entry, "images" | "commits" | "stageId" | "builtAt">;

/** What tags tell of each other: the images and commits of a stage by its records, the stage of a record by its name. */
function builtOf(plan: CleanupPlan): (tag: string) => Partial<Built> {
  const names = imageNamesOf(plan);
  const images = new Map<string, Set<string>>();
  const commits = new Map<string, Set<string>>();
  for (const tag of tagsOf(plan)) {
    const known = classifyTag(tag);
    if (known.kind !== "image-metadata") continue;
    add(images, known.stageId, names.get(known.nameHash) ?? known.nameHash);
    add(commits, known.stageId, known.commit);
  }
  return (tag) => {
    const known = classifyTag(tag);
    switch (known.kind) {
      case "stage":
      case "index":
        return {
          stageId: tag,
          images: [...(images.get(tag) ?? [])].sort(),
          commits: [...(commits.get(tag) ?? [])],
          ...(known.kind === "stage" ? { builtAt: known.builtAt } : {}),
        };
      case "image-metadata":
        return {
          stageId: known.stageId,
          images: [names.get(known.nameHash) ?? known.nameHash],
          commits: [known.commit],
        };
      case "managed-image":
        return { images: [known.imageName] };
      case "rejected":
        return { stageId: known.stageId };
      default:
        return {};
    }
  };
}

/** What the plan says of everything that goes, by its name. */
function plannedOf({ deletions }: CleanupPlan): ReadonlyMap<string, Partial<Entry>> {
  const planned = new Map<string, Partial<Entry>>();
  for (const item of deletions) {
    const { how, because } = item;
    for (const name of namesOf(item))
      planned.set(name, because === undefined ? { how } : { how, because });
    for (const { tag, because: why, claim } of item.tags) {
      planned.set(tag, { how, because: why, ...claimOf(claim) });
    }
  }
  return planned;
}

function claimOf(claim: ClaimedAs | undefined): Partial<Entry> {
  if (claim === undefined) return {};
  const { rule, image, commits } = claim;
  return { rule, images: [image], commits };
}

function tagsOf({ kept, deletions }: CleanupPlan): string[] {
  return [
    ...kept.map(({ tag }) => tag),
    ...deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag)),
  ];
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** By tag; what has none comes last, by digest. */
function sortKey({ tag, name }: Entry): string {
  return tag === undefined ? `~${name}` : tag;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
