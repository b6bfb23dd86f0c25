import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { findImage } from "../../engine/migrate/names.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import { isNarrow, isTransient } from "../../engine/migrate/select.ts";
import type { Wanted } from "../../engine/migrate/select.ts";
import { classifyTag } from "../../stages/tag.ts";
import { listHomes } from "../cleanup/homes.ts";
import type { Home, HomeListing, Homes } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { closeOverTags } from "./gather-closure.ts";
import type { Closed, Going } from "./gather-closure.ts";
import { createLeftTags } from "./gather-left.ts";
import type { LeftTags } from "./gather-left.ts";
import { planGroup } from "./gather-plan.ts";
import { createReferrerFinder, noReferrers } from "./gather-referrers.ts";
import { findRoutes } from "./gather-routes.ts";
import type { Route } from "./gather-routes.ts";
import { createSignatures } from "./gather-signatures.ts";
import { createSourceBook } from "./gather-source.ts";
import { gatherTags } from "./gather-tags.ts";
import type { SourceTag } from "./gather-tags.ts";
import type { MigrationRequest } from "./request.ts";
import { decideKept, refuseRecordsElsewhere } from "./select-kept.ts";
import type { KeptTags } from "./select-kept.ts";
import type { TargetBook } from "./target-book.ts";
import type { TargetPlaces } from "./target-places.ts";

/** A repository of the source, and how its tags are named in the target. */
export interface SourceRepository {
  readonly homes: Homes;
  readonly naming: Naming;
  /** The image that all of it is of, where its path tells. */
  readonly image?: string;
}

export interface GatheredRepository {
  readonly plans: readonly HomePlan[];
  /** There is nothing that anybody could copy. */
  readonly isEmpty: boolean;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export interface HomePlan {
  readonly plan: RepositoryPlan;
  readonly home: Home;
}

/** Plans what is copied out of one repository, in as few requests as it takes. */
export async function gatherRepository(
  source: SourceRepository,
  request: MigrationRequest,
  places: TargetPlaces,
  deps: CommandDeps,
): Promise<GatheredRepository> {
  const { homes } = source;
  const { parallel } = deps;
  const { selection } = request;
  const listing = await listHomes(homes, deps);
  refuseRecordsElsewhere(homes, listing);
  const kept =
    selection.kept && (await decideKept(selection.kept, { homes, listing }, request, deps));
  const naming = withImages(source.naming, listing, request);
  const wanted = wantedOf(request, kept);
  const book = createSourceBook(homes, deps, kept?.facts);
  const { tags, selected, project } = await gatherTags(
    {
      homes,
      listing,
      ...(kept === undefined ? {} : { resolved: kept.tags }),
      naming,
      wanted,
      rules: selection.rules ?? selection.kept?.rules,
      imageOf: (tag) => (naming.kind === "split" ? findImage(tag, naming.images) : source.image),
      now: deps.now().getTime(),
    },
    book,
    places,
  );
  const left = createLeftTags();
  const goes: { readonly entry: SourceTag; readonly label: TagLabel }[] = [];
  const signed: SourceTag[] = [];
  for (const entry of tags) {
    const label = selected.goes.get(entry.tag);
    const out = selected.left.get(entry.tag);
    if (label !== undefined) goes.push({ entry, label });
    else if (out !== undefined) left.add(entry, out.label, out.why);
    else signed.push(entry);
  }
  const options = { places, overwrite: request.overwrite, parallel };
  const groups = groupsOf(await findRoutes(goes, { ...options, naming }), left);
  const signatures = createSignatures(signed, { book, left }, options);
  const finder = request.referrers
    ? await createReferrerFinder(homes.stages, book, deps)
    : noReferrers;

  const warnings = [...(kept?.warnings ?? [])];
  const closed = new Map<Group, Closed[]>();
  for (const group of groups) closed.set(group, [await close(group, group.going)]);
  const main = groups.find(({ home }) => home === homes.stages);
  if (main !== undefined) closed.get(main)?.push(await close(main, await orphans(main.target)));
  for (const entry of signatures.unplaced()) {
    left.add(entry, "signature", { kind: "subject-left" });
  }
  const plans = groups.map((group): HomePlan => {
    const { home, target } = group;
    const parts = { from: home.repository, target, closed: closed.get(group) ?? [], project };
    return { home, plan: { ...planGroup(parts, book, places), left: [] } };
  });
  return { plans: withLeft(plans, source, left), isEmpty: isEmpty(listing), warnings };

  async function close({ home, target }: Group, going: readonly Going[]): Promise<Closed> {
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
      left.add({ ...stuck, class: classifyTag(stuck.tag), home }, stuck.class, {
        kind: "broken",
        ...broken,
      });
    }
    warnings.push(...closed.warnings);
    return closed;
  }

  /** Where everything foreign goes too, a signature of something that is not there goes as it is. */
  async function orphans(target: TargetBook): Promise<readonly Going[]> {
    if (!wanted.foreign || isNarrow(wanted)) return [];
    const { classes, kept: keeps } = wanted;
    if (classes !== undefined && !classes.has("signature")) return [];
    const some = signatures.unplaced().filter(({ tag }) => keeps?.has(tag) !== false);
    return signatures.placeIn(target, some);
  }
}

/** What goes from one home of the source to one repository of the target. */
interface Group {
  readonly home: Home;
  readonly target: TargetBook;
  readonly going: Going[];
}

function groupsOf(routes: readonly Route[], left: LeftTags): readonly Group[] {
  const groups = new Map<Home, Map<TargetBook, Group>>();
  for (const route of routes) {
    if ("why" in route) {
      left.add(route.entry, route.label, route.why);
      continue;
    }
    const { target, going, entry } = route;
    const own = groups.get(entry.home) ?? new Map<TargetBook, Group>();
    groups.set(entry.home, own);
    const group = own.get(target) ?? { home: entry.home, target, going: [] };
    own.set(target, group);
    group.going.push(going);
  }
  return [...groups.values()].flatMap((own) => [...own.values()]);
}

/** Tells with the first plan of each home what stays there, if need be with a plan that copies nothing. */
function withLeft(
  plans: readonly HomePlan[],
  { homes, naming }: SourceRepository,
  left: LeftTags,
): readonly HomePlan[] {
  const all = [homes.stages, ...(homes.records === undefined ? [] : [homes.records])];
  return all.flatMap((home): HomePlan[] => {
    const own = plans.filter((one) => one.home === home);
    const [first, ...more] = own;
    if (first !== undefined) {
      return [{ home, plan: { ...first.plan, left: left.of(home) } }, ...more];
    }
    const nothing = { needsCreation: false, isFresh: false, manifests: [], tags: [] };
    const sides = { from: home.repository, to: naming.to };
    return [{ home, plan: { ...sides, ...nothing, left: left.of(home) } }];
  });
}

function isEmpty({ stages, records = [] }: HomeListing): boolean {
  return [...stages, ...records].every(({ tag }) => isTransient(classifyTag(tag).kind));
}

/** Where one repository becomes several, the names of images that its own records tell, and those that were given. */
function withImages(
  naming: Naming,
  { stages, records = [] }: HomeListing,
  { imageNames = [] }: MigrationRequest,
): Naming {
  if (naming.kind !== "split") return naming;
  const told = [...stages, ...records].flatMap(({ tag }) => {
    const known = classifyTag(tag);
    return known.kind === "managed-image" && known.imageName !== "" ? [known.imageName] : [];
  });
  return { ...naming, images: [...new Set([...imageNames, ...told])] };
}

function wantedOf({ selection }: MigrationRequest, kept: KeptTags | undefined): Wanted {
  const { kept: _, rules: __, ...wanted } = selection;
  return { ...wanted, ...(kept === undefined ? {} : { kept: kept.kept }) };
}
