import { findImage } from "../../engine/migrate/names.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import { isTransient } from "../../engine/migrate/select.ts";
import type { Wanted } from "../../engine/migrate/select.ts";
import { classifyTag } from "../../stages/tag.ts";
import { listHomes } from "../cleanup/homes.ts";
import type { Home, HomeListing, Homes } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { gatherGroups } from "./gather-groups.ts";
import { createLeftTags } from "./gather-left.ts";
import type { LeftTags } from "./gather-left.ts";
import { planGroup } from "./gather-plan.ts";
import { createReferrerFinder, noReferrers } from "./gather-referrers.ts";
import { createSourceBook } from "./gather-source.ts";
import { gatherTags } from "./gather-tags.ts";
import type { MigrationRequest } from "./request.ts";
import type { KeptTags } from "./select-kept.ts";
import { refuseRecordsElsewhere } from "./select-records.ts";
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
  const { selection, overwrite } = request;
  const { parallel, signal } = deps;
  const listing = await listHomes(homes, deps);
  refuseRecordsElsewhere(homes, listing);
  const kept = await decideKept(request, { homes, listing }, deps);
  const naming = withImages(source.naming, listing, request);
  const wanted = wantedOf(request, kept);
  const book = createSourceBook(homes, deps, kept?.facts);
  const tags = await gatherTags(
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
  const finder = request.referrers
    ? await createReferrerFinder(homes.stages, book, deps)
    : noReferrers;
  const left = createLeftTags();
  const found = { naming, wanted, book, left, finder };
  const options = { ...found, homes, places, overwrite, parallel, signal };
  const groups = await gatherGroups(tags, options);
  const plans = groups.map((group): HomePlan => {
    const plan = planGroup(group, tags, { book, places });
    return { home: group.home, plan: { ...plan, left: [] } };
  });
  const warnings = groups.flatMap(({ closed }) => closed.flatMap((one) => one.warnings));
  return {
    plans: withLeft(plans, source, left),
    isEmpty: isEmpty(listing),
    warnings: [...(kept?.warnings ?? []), ...warnings],
  };
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

/** What a cleanup would keep, where that was asked for. Most runs need nothing of a cleanup. */
async function decideKept(
  request: MigrationRequest,
  source: { readonly homes: Homes; readonly listing: HomeListing },
  deps: CommandDeps,
): Promise<KeptTags | undefined> {
  const policy = request.selection.kept;
  if (policy === undefined) return undefined;
  const { gatherKept } = await import("./select-kept.ts");
  return gatherKept(policy, source, request, deps);
}

function wantedOf({ selection }: MigrationRequest, kept: KeptTags | undefined): Wanted {
  const { kept: _, rules: __, ...wanted } = selection;
  return { ...wanted, ...(kept === undefined ? {} : { kept: kept.kept }) };
}
