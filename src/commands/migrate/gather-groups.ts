import { isNarrow } from "../../engine/migrate/select.ts";
import type { Wanted } from "../../engine/migrate/select.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { Home, Homes } from "../cleanup/homes.ts";
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
}

/** Sorts what goes by where it goes, and closes each group over what it leads to. The others are left. */
export async function gatherGroups(
  { tags, selected }: SourceTags,
  options: GroupOptions,
): Promise<readonly Group[]> {
  const { homes, left } = options;
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
  const main = bundles.find(({ home }) => home === homes.stages);
  if (main !== undefined) {
    const orphans = await placeOrphans(main.target, signatures, options);
    closed.get(main)?.push(await close(main, orphans, signatures, options));
  }
  for (const entry of signatures.unplaced()) {
    left.add(entry, "signature", { kind: "subject-left" });
  }
  return bundles.map((bundle) => {
    const { home, target } = bundle;
    return { home, target, closed: closed.get(bundle) ?? [] };
  });
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

/** Where everything foreign goes too, a signature of something that is not there goes as it is. */
async function placeOrphans(
  target: TargetBook,
  signatures: Signatures,
  { wanted }: GroupOptions,
): Promise<readonly Going[]> {
  const { foreign, classes, kept } = wanted;
  if (!foreign || isNarrow(wanted) || classes?.has("signature") === false) return [];
  const some = signatures.unplaced().filter(({ tag }) => kept?.has(tag) !== false);
  return signatures.placeIn(target, some);
}
