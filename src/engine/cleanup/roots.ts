import type { Digest } from "../../oci/digest.ts";
import type { ImageMetadataTag } from "../../stages/tag.ts";
import { murmurHash } from "../../stages/hash.ts";
import { mayPointAtOthers } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import { judgeHistory } from "./git-policy.ts";
import type { BuildRecord, HistoryVerdict } from "./git-policy.ts";
import type { CleanupInput, Facts, InventoryTag, Need } from "./inventory.ts";
import { copiesThatStay } from "./copies.ts";
import { leaseReasons } from "./leases.ts";
import { historyReasons } from "./evidence.ts";
import { provesOurs } from "./ours.ts";
import type { Proof } from "./ours.ts";
import type { Reason } from "./reason.ts";
import { judgeClaims } from "./rules/judge.ts";
import type { ClaimVerdict } from "./rules/judge.ts";
import { findUsed } from "./used.ts";
import type { UsageMatches } from "./usage-match.ts";

const HOUR_MS = 3_600_000;

export interface Roots {
  /** Why a tag is kept for its own sake. */
  readonly reasons: ReadonlyMap<string, readonly Reason[]>;
  /** Why a digest that no tag names is kept for its own sake. */
  readonly digests: ReadonlyMap<Digest, readonly Reason[]>;
  /** Stage ids that age alone would keep: their records are left alone. */
  readonly recent: ReadonlySet<string>;
  readonly history: HistoryVerdict | undefined;
  readonly claims: ClaimVerdict;
  readonly needs: readonly Need[];
}

/** Every known image name that is not retired, by its murmur hash. Records of other names protect nothing. */
export function imageNames({
  tags,
  retired,
}: Pick<CleanupInput, "tags" | "retired">): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { class: known } of tags) {
    if (known.kind !== "managed-image") continue;
    const hash = murmurHash(known.imageName);
    if (retired?.has(hash) !== true) names.set(hash, known.imageName);
  }
  return names;
}

/** What the history policies say about this repository; a rejected stage takes no part. */
export function judgeRecords(input: CleanupInput, catalog: Catalog): HistoryVerdict | undefined {
  if (input.history === undefined) return undefined;
  const names = imageNames(input);
  const records = input.tags.flatMap(({ tag, class: known }): BuildRecord[] => {
    if (known.kind !== "image-metadata" || !names.has(known.nameHash)) return [];
    if (!catalog.stages.has(known.stageId) || catalog.rejected.has(known.stageId)) return [];
    return [{ tag, image: known.nameHash, commit: known.commit, stageId: known.stageId }];
  });
  return judgeHistory(records, input.history, input.policies, input.now);
}

/** Every tag that is kept for its own sake, with all its reasons. */
export function findRoots(
  input: CleanupInput,
  catalog: Catalog,
  history: HistoryVerdict | undefined,
  facts: ReadonlyMap<Digest, Facts>,
  usage: UsageMatches,
): Roots {
  const reasons = new Map<string, Reason[]>();
  const recent = new Set<string>();
  const needs: Need[] = [];
  const keep = (tag: string, reason: Reason): void => {
    const known = reasons.get(tag);
    if (known === undefined) reasons.set(tag, [reason]);
    else known.push(reason);
  };

  const names = imageNames(input);
  for (const { stageId, commit } of unknownBuilds(input, catalog, names)) {
    keep(stageId, { kind: "unknown-commit", commit });
  }
  for (const [stageId, evidence] of history?.kept ?? []) {
    for (const reason of historyReasons(evidence, (image) => names.get(image) ?? "")) {
      keep(stageId, reason);
    }
  }
  for (const [stageId, entry] of catalog.stages) {
    if (entry.digest === undefined) keep(stageId, { kind: "unreadable" });
    if (catalog.rejected.has(stageId)) continue;
    const builtAt = recentBuild(entry, input, catalog, facts, needs);
    if (builtAt === undefined) continue;
    recent.add(stageId);
    const hours = input.keepBuiltWithinHours;
    keep(stageId, { kind: "built-recently", builtAt: isoTime(builtAt), hours });
  }
  const used = findUsed(usage, catalog, facts);
  for (const [tag, kept] of used.tags) for (const reason of kept) keep(tag, reason);
  const claims = judgeClaims(input, catalog, facts);
  for (const [tag, kept] of claims.reasons) for (const reason of kept) keep(tag, reason);
  for (const { tag, reason } of copiesThatStay(input, catalog)) keep(tag, reason);
  for (const { tag, stageId } of catalog.customTags) {
    // The tag itself may lie in a copy of the repository.
    if (input.keepList.has(tag)) keep(stageId, { kind: "keep-list" });
  }
  for (const { tag, reason } of leaseReasons(input.leases ?? [], catalog)) keep(tag, reason);
  for (const entry of input.tags) {
    if (input.keepList.has(entry.tag)) {
      keep(entry.tag, { kind: "keep-list" });
      const told = toldStage(entry, catalog);
      if (told !== undefined) keep(told, { kind: "keep-list" });
      for (const subject of subjectsOf(entry, catalog)) {
        keep(subject, { kind: "subject", of: entry.tag });
      }
    }
    const foreign = foreignReason(entry, input, catalog, { facts, needs });
    if (foreign === undefined) continue;
    keep(entry.tag, foreign);
    if (
      mayPointAtOthers(entry.mediaType) &&
      entry.digest !== undefined &&
      !facts.has(entry.digest)
    ) {
      needs.push({ digest: entry.digest, config: false });
    }
  }
  return {
    reasons,
    digests: used.digests,
    recent,
    history,
    claims,
    needs: [...needs, ...used.needs, ...claims.needs],
  };
}

/**
 * Records of stages whose commit the clone lacks, where the remote may have it. A reference that was pushed after the
 * last fetch may need them.
 */
function unknownBuilds(
  { tags, history }: CleanupInput,
  { stages, rejected }: Catalog,
  names: ReadonlyMap<string, string>,
): ImageMetadataTag[] {
  if (history?.mayBeBehind !== true) return [];
  return tags.flatMap(({ class: known }) => {
    if (known.kind !== "image-metadata" || !names.has(known.nameHash)) return [];
    if (!stages.has(known.stageId) || rejected.has(known.stageId)) return [];
    return history.graph.indexOf(known.commit) < 0 ? [known] : [];
  });
}

/**
 * When a stage was built, if that is recent enough to keep it: milliseconds since the epoch.
 *
 * The youngest sign counts: the time in the tag, the push, and for an index that of any stage below it.
 */
function recentBuild(
  entry: InventoryTag,
  { now, keepBuiltWithinHours }: CleanupInput,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): number | undefined {
  if (keepBuiltWithinHours <= 0) return undefined;
  const builtAt = Math.max(
    entry.pushedAt ?? 0,
    entry.class.kind === "stage"
      ? entry.class.builtAt
      : youngestChild(entry, catalog, facts, needs),
  );
  return builtAt >= now - keepBuiltWithinHours * HOUR_MS ? builtAt : undefined;
}

/** When the youngest stage below an index was built, nested indexes included; 0 when nothing tells. */
function youngestChild(
  { digest }: Pick<InventoryTag, "digest">,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): number {
  let youngest = 0;
  // A set yields what is added while it is read, and each digest once: an index may be nested deeper than a stack is.
  const indexes = new Set<Digest>(digest === undefined ? [] : [digest]);
  for (const index of indexes) {
    const known = facts.get(index);
    for (const child of known?.kind === "index" ? known.children : []) {
      const tagged = (catalog.byDigest.get(child.digest) ?? []).flatMap((entry) =>
        entry.class.kind === "stage" ? [Math.max(entry.class.builtAt, entry.pushedAt ?? 0)] : [],
      );
      const found = facts.get(child.digest);
      if (tagged.length > 0) youngest = Math.max(youngest, ...tagged);
      else if (found === undefined) needs.push({ digest: child.digest, config: true });
      else if (found.kind === "index") indexes.add(child.digest);
      else youngest = Math.max(youngest, createdAt(found));
    }
  }
  return youngest;
}

/** Milliseconds since the epoch; 0 when the config does not tell. */
function createdAt(found: Facts): number {
  if (found.kind !== "image" || typeof found.image !== "object") return 0;
  const created = Date.parse(found.image.created ?? "");
  return Number.isNaN(created) ? 0 : created;
}

/** The stage that a custom tag or a record in the keep list tells of: kept without it, it would tell of nothing. */
function toldStage({ tag, class: known }: InventoryTag, catalog: Catalog): string | undefined {
  if (known.kind === "image-metadata") return known.stageId;
  const alias = catalog.aliases.get(tag) ?? catalog.aliasRecords.get(tag);
  return alias?.stageId ?? catalog.imports.get(tag)?.sourceStageId;
}

/** Stages, and images that rules claim, that a signature in the keep list is about. */
function subjectsOf({ class: known }: InventoryTag, catalog: Catalog): string[] {
  if (known.kind !== "signature") return [];
  const entries = catalog.byDigest.get(known.subject) ?? [];
  const tags = entries.map(({ tag }) => tag);
  return tags.filter((tag) => catalog.stages.has(tag) || catalog.claims.has(tag));
}

/** Why a tag is not this project's to remove; `undefined` when it is. */
function foreignReason(
  entry: InventoryTag,
  input: CleanupInput,
  catalog: Catalog,
  { facts, needs }: Pick<Proof, "facts" | "needs">,
): Reason | undefined {
  if (entry.class.kind === "index") {
    return catalog.stages.has(entry.tag) ? undefined : { kind: "foreign" };
  }
  if (entry.class.kind !== "foreign" || catalog.claims.has(entry.tag)) return undefined;
  const stageId = catalog.aliases.get(entry.tag)?.stageId;
  if (stageId === undefined) return { kind: "foreign" };
  if (entry.digest === undefined) return { kind: "unreadable" };
  const stage = catalog.stages.get(stageId);
  const digest = stage === undefined ? input.primary?.digests.get(stageId) : stage.digest;
  if (stage !== undefined || digest !== undefined) {
    return digest === entry.digest ? undefined : { kind: "moved", of: stageId };
  }
  // From a copy a custom tag goes before its stage goes anywhere: one that is left without it was moved.
  if (input.primary !== undefined) return { kind: "moved", of: stageId };
  const proof = { facts, needs, byDigest: catalog.byDigest, project: input.project };
  return provesOurs(entry.digest, proof) === true ? undefined : { kind: "moved", of: stageId };
}

function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}
