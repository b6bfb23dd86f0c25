import type { Digest } from "../../oci/digest.ts";
import { isIndexType, mayPointAtOthers } from "../../oci/media-type.ts";
import { stageRelations } from "../../stages/labels.ts";
import type { StageRelations } from "../../stages/labels.ts";
import type { Catalog, CustomTag } from "./catalog.ts";
import type { Facts, InventoryTag, Need } from "./inventory.ts";
import type { Reason, ReasonKind } from "./reason.ts";
import type { Roots } from "./roots.ts";
import { NO_UNTAGGED } from "./untagged.ts";
import type { Untagged } from "./untagged.ts";

export interface Closure {
  /** Every tag that is kept, with all its reasons. */
  readonly kept: ReadonlyMap<string, readonly Reason[]>;
  /** Every digest that something kept reaches or is. */
  readonly reached: ReadonlySet<Digest>;
  /** Why manifests that no tag names are reached, as far as anybody told of them. */
  readonly untagged: ReadonlyMap<Digest, readonly Reason[]>;
  /** What has to be read before the closure is complete. */
  readonly needs: readonly Need[];
}

export interface ClosureOptions {
  readonly untagged?: Untagged;
  /** Whether it matters what a child of a foreign index is about: it could go, or take the child along. */
  readonly readsLeaves?: boolean;
}

/**
 * Closes the roots, tags and digests that no tag names, over everything they need: index → children, stage → ancestors,
 * imports and dependencies, image ↔ referrers, stage → custom tags. A stage tag on a digest that something kept reaches
 * stays too, since builders find children by their stage tag.
 */
export function closeOver(
  roots: Pick<Roots, "reasons" | "digests">,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  { untagged = NO_UNTAGGED, readsLeaves = false }: ClosureOptions = {},
): Closure {
  const kept = new Map<string, Reason[]>();
  const reached = new Set<Digest>();
  const needs = new Map<Digest, boolean>();
  const queue: Visit[] = [];
  const visited = new Set<string>();
  /** Keys of the reasons of every tag that has more than one. */
  const reasonKeys = new Map<string, Set<string>>();
  let byConfig: Map<Digest, string[]> | undefined;
  const imports = Map.groupBy(catalog.imports.values(), ({ checksum }) => checksum);

  for (const [tag, reasons] of roots.reasons) for (const reason of reasons) keep(tag, reason);
  const why = new Map<Digest, readonly Reason[]>();
  for (const [digest, reasons] of roots.digests) {
    if (untagged.manifests.has(digest)) why.set(digest, reasons);
    queue.push({ digest, by: digest, read: readOfDigest(digest, reasons) });
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) walk(next);
  return {
    kept,
    reached,
    untagged: why,
    needs: [...needs].map(([digest, config]) => ({ digest, config })),
  };

  function keep(tag: string, reason: Reason): void {
    const entry = catalog.tags.get(tag);
    if (entry === undefined) return;
    const reasons = kept.get(tag);
    if (reasons !== undefined) {
      const keys = reasonKeys.get(tag) ?? new Set(reasons.map(keyOf));
      reasonKeys.set(tag, keys);
      if (!keys.has(keyOf(reason))) reasons.push(reason);
      keys.add(keyOf(reason));
      return;
    }
    kept.set(tag, [reason]);
    const isStage = catalog.stages.has(tag);
    if (entry.digest !== undefined) {
      const read = isStage ? "config" : readOf(entry, catalog.claims.has(tag));
      queue.push({ digest: entry.digest, by: tag, read });
    }
    if (!isStage) return;
    for (const alias of catalog.aliasesOf.get(tag) ?? []) {
      keep(alias.record, { kind: "record", of: tag });
      if (catalog.tags.get(alias.tag)?.digest === entry.digest) {
        keep(alias.tag, { kind: "custom-tag", of: tag });
      }
    }
  }

  /** Keeps the stage tags, and those that rules claim, on a digest that `by` points at, and walks on from it. */
  function reach(digest: Digest, reason: Reason, by: string, read: Reading): void {
    const entries = catalog.byDigest.get(digest) ?? [];
    const stages = entries.filter(({ tag }) => catalog.stages.has(tag));
    for (const { tag } of stages) keep(tag, reason);
    for (const { tag } of entries) if (catalog.claims.has(tag)) keep(tag, reason);
    const isUntagged = untagged.manifests.has(digest);
    if (isUntagged && !why.has(digest)) why.set(digest, [reason]);
    if (stages.length === 0) queue.push({ digest, by: isUntagged ? digest : by, read });
  }

  /**
   * A digest that only somebody outside names may be of another repository: it is not asked for. One that merely was not
   * asked to go is no stage that anybody builds on.
   */
  function readOfDigest(digest: Digest, reasons: readonly Reason[]): Reading {
    const listed = untagged.manifests.get(digest);
    const isIdle = listed !== undefined && reasons.every(({ kind }) => IDLE.has(kind));
    if (facts.has(digest) && !isIdle) return "config";
    return listed !== undefined && mayPointAtOthers(listed.mediaType) ? "manifest" : "nothing";
  }

  function walk({ digest, by, read }: Visit): void {
    const visit = `${digest} ${read}`;
    if (visited.has(visit)) return;
    visited.add(visit);
    const known = facts.get(digest);
    if (known === undefined && read !== "nothing") need(digest, read === "config");
    if (known?.kind === "image" && known.image === undefined && read === "config") {
      need(digest, true);
    }
    if (!reached.has(digest)) {
      reached.add(digest);
      for (const { tag } of catalog.referrers.get(digest) ?? []) {
        keep(tag, { kind: "referrer", of: by });
      }
      for (const referrer of untagged.about.get(digest) ?? []) {
        reach(referrer, { kind: "referrer", of: by }, by, "nothing");
      }
    }
    if (known === undefined || known.kind === "absent" || known.kind === "unreadable") return;
    if (known.subject !== undefined) followSubject(known.subject, { digest, by, read });
    if (known.kind === "index") {
      for (const child of known.children) {
        reach(
          child.digest,
          { kind: "index-child", of: by },
          by,
          readingOf(child.mediaType, read, readsLeaves),
        );
      }
    } else if (read === "config" && typeof known.image === "object") {
      followRelations(stageRelations(known.image.labels), by);
    }
  }

  /** A referrer without a tag that is here only because of its subject asks for nothing more. */
  function followSubject(subject: Digest, { digest, by, read }: Visit): void {
    const isFollower = read === "nothing" && untagged.manifests.has(digest) && reached.has(subject);
    if (!isFollower) reach(subject, { kind: "subject", of: by }, by, "manifest");
  }

  function followRelations(relations: StageRelations, by: string): void {
    for (const parent of relations.parents) keep(parent, { kind: "ancestor", of: by });
    for (const id of relations.importSources) keep(id, { kind: "import-source", of: by });
    for (const id of relations.dependencies) keep(id, { kind: "dependency", of: by });
    for (const checksum of relations.importChecksums) {
      for (const { record, sourceStageId } of imports.get(checksum) ?? []) {
        keep(record, { kind: "import-record", of: by });
        keep(sourceStageId, { kind: "import-source", of: by });
      }
    }
    if (relations.parents.length === 0 && relations.parentConfig !== undefined) {
      followConfig(relations.parentConfig, by);
    }
  }

  /** Finds a parent by its config digest alone. */
  function followConfig(config: Digest, by: string): void {
    byConfig ??= stagesByConfig();
    for (const tag of byConfig.get(config) ?? []) keep(tag, { kind: "ancestor", of: by });
  }

  /** Every stage has to be read for that. */
  function stagesByConfig(): Map<Digest, string[]> {
    const found = new Map<Digest, string[]>();
    for (const [tag, { digest }] of catalog.stages) {
      if (digest === undefined) continue;
      const known = facts.get(digest);
      if (known === undefined) need(digest, false);
      if (known?.kind !== "image") continue;
      const tags = found.get(known.config);
      if (tags === undefined) found.set(known.config, [tag]);
      else tags.push(tag);
    }
    return found;
  }

  function need(digest: Digest, config: boolean): void {
    needs.set(digest, config || needs.get(digest) === true);
  }
}

/** Whether a custom tag stays because it is no longer what its record says. */
export function isMoved({ tag }: CustomTag, { kept }: Pick<Closure, "kept">): boolean {
  return kept.get(tag)?.some(({ kind }) => kind === "moved") ?? false;
}

/** How far a manifest has to be read to walk on from it. */
type Reading = "nothing" | "manifest" | "config";

interface Visit {
  readonly digest: Digest;
  /** The kept tag, or the digest without one, that led here. */
  readonly by: string;
  readonly read: Reading;
}

/**
 * A kept tag that is no stage: a fallback tag names referrers, and what a rule claims may be an index or have a subject;
 * the others were read as roots where it matters.
 */
function readOf({ class: { kind }, mediaType }: InventoryTag, isClaimed: boolean): Reading {
  if (isClaimed) return mayPointAtOthers(mediaType) ? "manifest" : "nothing";
  const isIndex = mediaType === undefined || isIndexType(mediaType);
  return kind === "signature" && isIndex ? "manifest" : "nothing";
}

/**
 * A child of a stage's index is a stage, tagged or not; a child of another index matters when it is an index, or where
 * what it is about would take it along.
 */
function readingOf(mediaType: string, parent: Reading, readsLeaves: boolean): Reading {
  if (parent === "config") return "config";
  if (isIndexType(mediaType)) return "manifest";
  return readsLeaves && mayPointAtOthers(mediaType) ? "manifest" : "nothing";
}

/** Reasons by which a manifest without a tag stays though nobody needs it. */
const IDLE: ReadonlySet<ReasonKind> = new Set([
  "untagged",
  "unknown-age",
  "built-recently",
  "unreadable",
  "referrer",
]);

/** Reasons that differ by more than `of`. */
const EVIDENCE: ReadonlySet<ReasonKind> = new Set([
  "git-policy",
  "git-policy-more",
  "in-use",
  "in-use-more",
  "rule",
  "undecided",
]);

/** Two reasons of one key say the same. */
function keyOf(reason: Reason): string {
  if (EVIDENCE.has(reason.kind)) return JSON.stringify(reason);
  return "of" in reason ? `${reason.kind} ${reason.of}` : reason.kind;
}
