import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import type { Decision } from "./decision.ts";
import type { InventoryTag } from "./inventory.ts";
import type { DeletedTag, Deletion, Kept, TagLabel } from "./plan.ts";
import type { Reason } from "./reason.ts";

/** What the registry can remove. */
export interface DeletionMeans {
  /** Whether a tag can go while its manifest stays; `undefined` while that is not known. */
  readonly tagAlone: boolean | undefined;
  /** Whether a tag that goes alone takes its manifest along when it is the last one. */
  readonly lastTagTakesManifest: boolean;
  readonly manifest: boolean;
}

export interface Grouped {
  readonly deletions: readonly Deletion[];
  readonly kept: readonly Kept[];
}

/**
 * Groups what goes by digest and makes it possible.
 *
 * A manifest goes only when every tag on it goes and nothing kept reaches it; else its tags go alone where the registry
 * can do that, and stay where it cannot. What stays for that keeps its own record and marker. `undefined` when it
 * matters whether a tag can go alone and nobody knows yet.
 */
export function groupDeletions(
  decided: ReadonlyMap<string, Decision>,
  catalog: Catalog,
  reached: ReadonlySet<Digest>,
  means: DeletionMeans,
): Grouped | undefined {
  const decisions = new Map(decided);
  let how = howDigestsGo(decisions, catalog, reached, means);
  for (;;) {
    if (how === undefined) return undefined;
    const changed =
      keepWhatCannotGo(decisions, how, catalog) || dropOrphans(decisions, how, catalog);
    if (!changed) break;
    how = howDigestsGo(decisions, catalog, reached, means);
  }
  return { deletions: orderDeletions(decisions, how, catalog), kept: listKept(decisions, catalog) };
}

type Way = "manifest" | "tag" | { readonly staysWith: string };

/** How the going tags of each digest go. */
function howDigestsGo(
  decisions: ReadonlyMap<string, Decision>,
  catalog: Catalog,
  reached: ReadonlySet<Digest>,
  { tagAlone, lastTagTakesManifest, manifest }: DeletionMeans,
): Map<Digest, Way> | undefined {
  const ways = new Map<Digest, Way>();
  for (const [digest, entries] of catalog.byDigest) {
    if (!entries.some(({ tag }) => isGoing(decisions, tag))) continue;
    const staying = entries.find(({ tag }) => !isGoing(decisions, tag));
    if (staying === undefined && !reached.has(digest) && manifest) ways.set(digest, "manifest");
    else if (tagAlone === undefined) return undefined;
    else {
      const stays = staying !== undefined || !lastTagTakesManifest;
      ways.set(digest, tagAlone && stays ? "tag" : { staysWith: staying?.tag ?? digest });
    }
  }
  return ways;
}

/** Keeps the tags that cannot go alone, and what tells of a stage or an alias that stays with them. */
function keepWhatCannotGo(
  decisions: Map<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  catalog: Catalog,
): boolean {
  let changed = false;
  const keep = (tag: string, reason: Reason): void => {
    if (!isGoing(decisions, tag)) return;
    decisions.set(tag, { reasons: [reason] });
    changed = true;
  };
  for (const [digest, way] of ways) {
    if (typeof way === "string") continue;
    for (const { tag } of catalog.byDigest.get(digest) ?? []) {
      keep(tag, { kind: "shared-digest", of: way.staysWith });
    }
  }
  for (const { record, tag } of catalog.customTags) {
    const decision = decisions.get(tag);
    if (decision === undefined || !("reasons" in decision)) continue;
    if (decision.reasons.some(({ kind }) => kind === "moved")) continue;
    keep(record, { kind: "record", of: tag });
  }
  for (const [tag, { class: known }] of catalog.tags) {
    if (known.kind !== "rejected" || !catalog.stages.has(known.stageId)) continue;
    if (!isGoing(decisions, known.stageId)) {
      keep(tag, { kind: "rejected-but-needed", of: known.stageId });
    }
  }
  for (const [digest, referrers] of catalog.referrers) {
    if (ways.get(digest) === "manifest") continue;
    for (const { tag } of referrers) {
      const decision = decisions.get(tag);
      if (decision !== undefined && "because" in decision && decision.because === "subject-gone") {
        keep(tag, { kind: "referrer", of: digest });
      }
    }
  }
  return changed;
}

/** Lets go the referrers of every manifest that goes. */
function dropOrphans(
  decisions: Map<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  catalog: Catalog,
): boolean {
  let changed = false;
  for (const [digest, referrers] of catalog.referrers) {
    if (ways.get(digest) !== "manifest") continue;
    const after = (catalog.byDigest.get(digest) ?? []).map(({ tag }) => tag);
    for (const { tag } of referrers) {
      const decision = decisions.get(tag);
      if (decision === undefined || !isUnclaimed(decision)) continue;
      decisions.set(tag, { because: "subject-gone", after });
      changed = true;
    }
  }
  return changed;
}

/** Kept for no other reason than that nobody decided about it. */
function isUnclaimed(decision: Decision): boolean {
  return "reasons" in decision && decision.reasons.every(({ kind }) => kind === "foreign");
}

function orderDeletions(
  decisions: ReadonlyMap<string, Decision>,
  ways: ReadonlyMap<Digest, Way>,
  catalog: Catalog,
): Deletion[] {
  const items: Omit<Deletion, "level">[] = [];
  const itemOf = new Map<string, Omit<Deletion, "level">>();
  for (const [digest, how] of ways) {
    if (typeof how !== "string") continue;
    const going = (catalog.byDigest.get(digest) ?? []).filter(({ tag }) => isGoing(decisions, tag));
    for (const tags of how === "manifest" ? [going] : going.map((entry) => [entry])) {
      const item = describe(digest, how, tags, { decisions, catalog });
      items.push(item);
      for (const { tag } of tags) itemOf.set(tag, item);
    }
  }
  const levels = new Map<Omit<Deletion, "level">, number>();
  const placed = items.map((item) => ({
    item: { ...item, level: levelOf(item, itemOf, levels) },
    builtAt: item.tags.reduce((at, { tag }) => Math.max(at, stageTime(catalog.tags.get(tag))), 0),
  }));
  placed.sort(
    (a, b) =>
      a.item.level - b.item.level ||
      b.builtAt - a.builtAt ||
      compare(firstTag(a.item), firstTag(b.item)),
  );
  return placed.map(({ item }) => item);
}

function describe(
  digest: Digest,
  how: "manifest" | "tag",
  entries: readonly InventoryTag[],
  { decisions, catalog }: { decisions: ReadonlyMap<string, Decision>; catalog: Catalog },
): Omit<Deletion, "level"> {
  const own = new Set(entries.length === 1 ? [] : entries.map(({ tag }) => tag));
  const after: string[] = [];
  const tags: DeletedTag[] = [];
  for (const entry of entries) {
    const decision = decisions.get(entry.tag);
    if (decision === undefined || "reasons" in decision) continue;
    for (const tag of decision.after) {
      if (tag !== entry.tag && !own.has(tag) && isGoing(decisions, tag)) after.push(tag);
    }
    tags.push({ tag: entry.tag, class: labelOf(entry, catalog), because: decision.because });
  }
  return { digest, how, tags, after: after.length > 1 ? [...new Set(after)].sort() : after };
}

/** One more than the highest level of what has to go first. Chains are longer than a stack is deep. */
function levelOf(
  item: Omit<Deletion, "level">,
  itemOf: ReadonlyMap<string, Omit<Deletion, "level">>,
  levels: Map<Omit<Deletion, "level">, number>,
): number {
  const open: { readonly of: Omit<Deletion, "level">; readonly after: Iterator<string> }[] = [];
  const enter = (of: Omit<Deletion, "level">): void => {
    levels.set(of, 0);
    open.push({ of, after: of.after.values() });
  };
  if (!levels.has(item)) enter(item);
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const { done, value } = last.after.next();
    if (done === true) {
      open.pop();
      raise(open.at(-1)?.of, last.of);
      continue;
    }
    const first = itemOf.get(value);
    if (first === undefined) continue;
    if (levels.has(first)) raise(last.of, first);
    else enter(first);
  }
  return levels.get(item) ?? 0;

  function raise(it: Omit<Deletion, "level"> | undefined, above: Omit<Deletion, "level">): void {
    if (it !== undefined)
      levels.set(it, Math.max(levels.get(it) ?? 0, (levels.get(above) ?? 0) + 1));
  }
}

function listKept(decisions: ReadonlyMap<string, Decision>, catalog: Catalog): Kept[] {
  const kept: Kept[] = [];
  for (const entry of catalog.tags.values()) {
    const decision = decisions.get(entry.tag);
    if (decision !== undefined && !("reasons" in decision)) continue;
    const { tag, digest } = entry;
    kept.push({
      tag,
      ...(digest === undefined ? {} : { digest }),
      class: labelOf(entry, catalog),
      reasons: decision?.reasons ?? [{ kind: "unreadable" }],
    });
  }
  return kept.sort((a, b) => compare(a.tag, b.tag));
}

function labelOf({ tag, class: { kind } }: InventoryTag, catalog: Catalog): TagLabel {
  if (kind === "index") return catalog.stages.has(tag) ? "index" : "foreign";
  if (kind !== "foreign") return kind;
  if (catalog.claims.has(tag)) return "image";
  return catalog.aliases.has(tag) ? "custom-tag" : "foreign";
}

function isGoing(decisions: ReadonlyMap<string, Decision>, tag: string): boolean {
  const decision = decisions.get(tag);
  return decision !== undefined && "because" in decision;
}

function stageTime(entry: InventoryTag | undefined): number {
  return entry?.class.kind === "stage" ? entry.class.builtAt : 0;
}

function firstTag({ tags }: Deletion): string {
  return tags[0]?.tag ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
