import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import { closeOver } from "./closure.ts";
import type { Closure } from "./closure.ts";
import { decideTags } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { DeletionMeans } from "./deletions.ts";
import { findDying } from "./dying.ts";
import type { Dying } from "./dying.ts";
import type { Answers, CleanupInput, Facts, Need, Question } from "./inventory.ts";
import { findOrphans } from "./orphans.ts";
import type { Orphans } from "./orphans.ts";
import { findParents } from "./parents.ts";
import type { Reason } from "./reason.ts";
import type { Roots } from "./roots.ts";
import { decideUntagged, findBlindSpots, strayReferrers } from "./sweep.ts";
import { findUntagged, findUntaggedRoots } from "./untagged.ts";
import type { Untagged } from "./untagged.ts";

/** What is known of a repository so far. */
export interface Known {
  readonly input: CleanupInput;
  readonly catalog: Catalog;
  readonly roots: Roots;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly answers: Answers;
  readonly means: DeletionMeans;
}

/** Decisions about tags and about manifests without one, before the registry's means are looked at. */
export interface Judgement {
  readonly decisions: Map<string, Decision>;
  readonly closure: Closure;
  readonly untagged: Untagged;
  readonly orphans: Orphans;
  /** What nobody can read, and what therefore keeps every manifest without a tag. */
  readonly blindSpots: readonly string[];
}

/** What has to be read and asked first. */
export interface Open {
  readonly needs: readonly Need[];
  readonly questions: readonly Question[];
}

/** Decides about everything, or says what is needed for that. */
export function judge(known: Known): Judgement | Open {
  const { input, catalog, facts, answers } = known;
  const untagged = findUntagged(input, catalog, facts, answers);
  const own = findUntaggedRoots(input, catalog, untagged, facts, {
    answers,
    childrenGoAlong: known.means.cascade?.includes("children") === true,
  });
  const roots = { ...known.roots, digests: joined(known.roots.digests, own.digests) };
  const wanted = [...known.roots.needs, ...own.needs];

  let closure = close({ ...known, roots }, untagged);
  const early = [...wanted, ...closure.needs];
  if (early.length > 0 || own.questions.length > 0)
    return { needs: early, questions: own.questions };
  let round = decideFrom(known, closure, untagged, own.orphans);
  // While nobody knows whether its subject is there, a signature is not yet one that stays anyway.
  const { questions: open } = round.orphans;
  if (open.length > 0) return { needs: [], questions: open };
  const strays =
    input.untagged === undefined ? [] : strayReferrers(round.decisions, { catalog, ...round });
  if (strays.length > 0) {
    const reasons = joined(roots.reasons, strayReasons(strays));
    closure = close({ ...known, roots: { ...roots, reasons } }, untagged);
    round = decideFrom(known, closure, untagged, own.orphans);
  }
  const { decisions, orphans, dying } = round;
  const needs = [...closure.needs, ...dying.needs, ...goingIndexes(known, decisions)];
  const questions = [...orphans.questions, ...dying.questions];
  if (needs.length > 0 || questions.length > 0) return { needs, questions };

  const isSwept = input.untagged !== undefined || dying.untagged.size > 0;
  const parents = isSwept ? findParents({ catalog, facts, untagged }) : new Map<string, string[]>();
  const swept = decideUntagged({
    ...round,
    input,
    catalog,
    closure,
    untagged,
    orphans: own.orphans,
    parents,
  });
  const blindSpots =
    swept.size === 0 ? [] : findBlindSpots(decisions, catalog, facts, input.untagged ?? []);
  if (blindSpots.length > 0) return keepSwept(swept.keys());
  for (const [digest, decision] of swept) decisions.set(digest, decision);
  return { decisions, closure, untagged, orphans, blindSpots };

  /** Decides again with manifests without a tag as roots, whatever they name. */
  function keepSwept(digests: Iterable<Digest>): Judgement | Open {
    const unreadable = [{ kind: "unreadable" }] as const;
    const kept = new Map<Digest, readonly Reason[]>();
    for (const digest of digests) kept.set(digest, unreadable);
    const all = { ...known, roots: { ...roots, digests: joined(roots.digests, kept) } };
    const wide = close(all, untagged);
    if (wide.needs.length > 0) return { needs: wide.needs, questions: [] };
    const last = decideFrom(known, wide, untagged, new Set());
    const open = { needs: last.dying.needs, questions: last.dying.questions };
    if (open.needs.length > 0 || open.questions.length > 0) return open;
    return { ...last, closure: wide, untagged, blindSpots };
  }
}

interface Round {
  readonly decisions: Map<string, Decision>;
  readonly orphans: Orphans;
  readonly dying: Dying;
}

function close({ input, roots, catalog, facts, means }: Known, untagged: Untagged): Closure {
  const takesReferrers = means.cascade?.includes("referrers") === true;
  const readsLeaves = takesReferrers || input.untagged !== undefined;
  return closeOver(roots, catalog, facts, { untagged, readsLeaves });
}

/** What follows from a closure. */
function decideFrom(
  { input, catalog, roots, facts, answers, means }: Known,
  closure: Closure,
  untagged: Untagged,
  listedOrphans: ReadonlySet<Digest>,
): Round {
  const decisions = decideTags({ input, catalog, roots, closure, facts, untagged });
  const orphans = findOrphans(input, catalog, untagged, closure, answers);
  for (const tag of orphans.going) decisions.set(tag, { because: "orphan", after: [] });
  const dead = new Set<Digest>();
  for (const [subject, entries] of orphans.tags) {
    if (entries.some(({ tag }) => orphans.going.has(tag))) dead.add(subject);
  }
  for (const digest of listedOrphans) {
    const subject = untagged.subjects.get(digest);
    if (subject !== undefined) dead.add(subject);
  }
  const asks = asksForReferrers(input, means);
  const swept =
    input.deleteUntagged === true ? (input.untagged ?? []).map(({ digest }) => digest) : [];
  const dying = findDying({
    decisions,
    catalog,
    closure,
    untagged,
    facts,
    answers,
    dead,
    swept: swept.filter((digest) => untagged.manifests.has(digest)),
    asks,
  });
  return { decisions, orphans, dying };
}

/**
 * Whether the registry has to be asked which manifests are about what goes: not where a listing tells, or where tags do.
 * One that deletes them itself is asked too: what somebody uses among them keeps their subject.
 */
function asksForReferrers(
  { untagged }: CleanupInput,
  { manifest, referrers = "fallback-tag" }: DeletionMeans,
): boolean {
  return untagged === undefined && manifest && referrers !== "fallback-tag";
}

/** What goes and is an index, or may be one, has to be read: its children go after it. */
function goingIndexes(
  { input, catalog, facts, means }: Known,
  decisions: ReadonlyMap<string, Decision>,
): Need[] {
  const isThorough = input.untagged !== undefined || means.cascade?.includes("children") === true;
  return input.tags.flatMap(({ tag, class: { kind }, digest, mediaType }) => {
    const decision = decisions.get(tag);
    if (digest === undefined || facts.has(digest) || decision === undefined) return [];
    if (!("because" in decision) || (kind !== "stage" && kind !== "foreign")) return [];
    const isClaimed = catalog.claims.has(tag);
    const mayBeIndex = mediaType === undefined && (isThorough || isClaimed);
    const isIndex = mediaType !== undefined && isIndexType(mediaType);
    return isIndex || mayBeIndex ? [{ digest, config: false }] : [];
  });
}

function strayReasons(tags: readonly string[]): Map<string, readonly Reason[]> {
  return new Map(tags.map((tag) => [tag, [{ kind: "foreign" } as const]]));
}

function joined<Key>(
  some: ReadonlyMap<Key, readonly Reason[]>,
  others: ReadonlyMap<Key, readonly Reason[]>,
): ReadonlyMap<Key, readonly Reason[]> {
  if (others.size === 0) return some;
  const all = new Map(some);
  for (const [key, reasons] of others) all.set(key, [...(all.get(key) ?? []), ...reasons]);
  return all;
}
