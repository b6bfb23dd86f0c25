import { isNarrow } from "../../engine/migrate/select.ts";
import type { Wanted } from "../../engine/migrate/select.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { Home, Homes } from "../cleanup/homes.ts";
import { mapParallel } from "../parallel.ts";
import { closeOverTags } from "./gather-closure.ts";
import type { Closed, Going } from "./gather-closure.ts";
import type { LeftTags } from "./gather-left.ts";
import { noReferrers } from "./gather-referrers.ts";
import type { ReferrerFinder } from "./gather-referrers.ts";
import { findRoutes } from "./gather-routes.ts";
import type { Candidate, Route, RouteOptions } from "./gather-routes.ts";
import { createSignatures } from "./gather-signatures.ts";
import type { Signatures } from "./gather-signatures.ts";
import type { SourceBook } from "./gather-source.ts";
import type { SourceTag, SourceTags } from "./gather-tags.ts";
import type { TargetBook } from "./target-book.ts";

/** What goes from one home of the source to one repository of the target, with everything that it leads to. */
export interface Group {
  readonly home: Home;
  readonly target: TargetBook;
  readonly closed: readonly Closed[];
}

export interface GroupOptions extends Omit<RouteOptions, "naming"> {
  readonly homes: Homes;
  readonly naming: Naming;
  readonly wanted: Wanted;
  readonly book: SourceBook;
  readonly left: LeftTags;
  readonly finder: ReferrerFinder;
  readonly signal: AbortSignal;
}

/** Sorts what goes by where it goes, and closes each group over what it leads to. The others are left. */
export async function gatherGroups(
  { tags, selected }: SourceTags,
  options: GroupOptions,
): Promise<readonly Group[]> {
  const { left } = options;
  const goes: Candidate[] = [];
  const signed: SourceTag[] = [];
  for (const entry of tags) {
    const label = selected.goes.get(entry.tag);
    const out = selected.left.get(entry.tag);
    if (label !== undefined) goes.push({ entry, label });
    else if (out !== undefined) left.add(entry, out.label, out.why);
    else signed.push(entry);
  }
  const bundles = bundlesOf(await findRoutes(goes, options), left);
  const signatures = createSignatures(signed, options);
  const closed = new Map<Bundle, Closed[]>();
  for (const bundle of bundles) {
    closed.set(bundle, [await close(bundle, bundle.going, signatures, options)]);
  }
  // Only then is it known which signatures nobody has.
  const main = signatures.unplaced().length === 0 ? undefined : await mainBundle(bundles, options);
  if (main !== undefined) {
    const going = await placeOrphans(main.target, signatures, options);
    const others = closed.get(main) ?? [];
    closed.set(main, [...others, await close(main, going, signatures, options)]);
  }
  for (const entry of signatures.unplaced()) {
    left.add(entry, "signature", { kind: "subject-left" });
  }
  return [...closed].map(([{ home, target }, all]) => ({ home, target, closed: all }));
}

interface Bundle {
  readonly home: Home;
  readonly target: TargetBook;
  readonly going: Going[];
}

function bundlesOf(routes: readonly Route[], left: LeftTags): readonly Bundle[] {
  const bundles = new Map<Home, Map<TargetBook, Bundle>>();
  for (const route of routes) {
    if ("why" in route) {
      left.add(route.entry, route.label, route.why);
      continue;
    }
    const { target, going, entry } = route;
    const own = bundles.get(entry.home) ?? new Map<TargetBook, Bundle>();
    bundles.set(entry.home, own);
    const bundle = own.get(target) ?? { home: entry.home, target, going: [] };
    own.set(target, bundle);
    bundle.going.push(going);
  }
  return [...bundles.values()].flatMap((own) => [...own.values()]);
}

/** Records apart from the stages have no signatures. */
async function close(
  { home, target }: Bundle,
  going: readonly Going[],
  signatures: Signatures,
  { homes, book, finder, left, parallel }: GroupOptions,
): Promise<Closed> {
  const isMain = home === homes.stages;
  const closed = await closeOverTags(going, {
    book,
    target,
    parallel,
    finder: isMain ? finder : noReferrers,
    signatures: isMain ? signatures.bySubject : new Map(),
    place: (some) => signatures.placeIn(target, some),
  });
  for (const { going: stuck, broken } of closed.broken) {
    const entry = { ...stuck, class: classifyTag(stuck.tag), home };
    left.add(entry, stuck.class, { kind: "broken", ...broken });
  }
  return closed;
}

/**
 * Finds where signatures stand that are about nothing that goes. They go as they are where everything foreign does, and
 * where signatures were asked for by their class. Of the others, one that was copied before its subject was removed from
 * the source is there already: a removal that was killed can then be brought to its end.
 */
async function placeOrphans(
  target: TargetBook,
  signatures: Signatures,
  options: GroupOptions,
): Promise<readonly Going[]> {
  const { foreign, classes, kept } = options.wanted;
  if (isNarrow(options.wanted)) return [];
  const orphans = signatures.unplaced().filter(({ tag }) => kept?.has(tag) !== false);
  const isAsked = classes === undefined ? foreign : classes.has("signature");
  if (isAsked) return signatures.placeIn(target, orphans);
  const moved = await mapParallel(orphans, options.parallel, async (entry) =>
    (await isSubjectMoved(entry, target, options)) ? [entry] : [],
  );
  const going = await signatures.placeIn(target, moved.flat());
  return going.filter((one) => {
    if (one.there === "present") return true;
    const entry = { ...one, class: classifyTag(one.tag), home: options.homes.stages };
    options.left.add(entry, "signature", { kind: "subject-left" });
    return false;
  });
}

/** Whether the target has a tag of this name, and what it is about is there and no longer in the source. */
async function isSubjectMoved(
  { tag, class: known, home: { registry, repository } }: SourceTag,
  target: TargetBook,
  { signal }: GroupOptions,
): Promise<boolean> {
  if (known.kind !== "signature" || !target.listing.has(tag)) return false;
  const { host, name } = repository;
  const digest = known.subject;
  if (!(await target.hasManifest(digest))) return false;
  return (await registry.resolve({ host, name, digest }, { signal })) === undefined;
}

/** The first that the stages go to, or the one that they would go to. `undefined` where the target cannot have it. */
async function mainBundle(
  bundles: readonly Bundle[],
  { homes, naming, places }: GroupOptions,
): Promise<Bundle | undefined> {
  const first = bundles.find(({ home }) => home === homes.stages);
  if (first !== undefined) return first;
  if (naming.to.name === "" || places.ruleAgainst(naming.to) !== undefined) return undefined;
  return { home: homes.stages, target: await places.open(naming.to), going: [] };
}
