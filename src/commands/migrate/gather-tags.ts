import { catalogTags } from "../../engine/cleanup/catalog.ts";
import type { Catalog } from "../../engine/cleanup/catalog.ts";
import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import { labelOf } from "../../engine/cleanup/label.ts";
import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { placeTag } from "../../engine/migrate/names.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import type { Wanted } from "../../engine/migrate/select.ts";
import { isTransient, selectTags } from "../../engine/migrate/select.ts";
import type { Selected } from "../../engine/migrate/select.ts";
import { LABEL } from "../../stages/labels.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { CatalogInput } from "../../engine/cleanup/catalog.ts";
import { isRecord } from "../cleanup/homes.ts";
import type { Home, HomeListing, Homes } from "../cleanup/homes.ts";
import type { SourceBook } from "./gather-source.ts";
import type { TargetPlaces } from "./target-places.ts";
import { tellingTags } from "./telling-tags.ts";

/** A tag of the source, classified, with where it lies. */
export interface SourceTag extends InventoryTag {
  readonly home: Home;
}

export interface SourceTags {
  readonly tags: readonly SourceTag[];
  readonly selected: Selected;
  /** Absent: there is neither a stage nor a record. */
  readonly project?: string;
}

export interface TagsRequest {
  readonly homes: Homes;
  readonly listing: HomeListing;
  /** What a cleanup found already. */
  readonly resolved?: readonly InventoryTag[];
  readonly naming: Naming;
  readonly wanted: Wanted;
  readonly rules: CatalogInput["rules"];
  readonly imageOf: (tag: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Reads as much of the source's tags as tells which of them go. */
export async function gatherTags(
  request: TagsRequest,
  book: SourceBook,
  places: TargetPlaces,
): Promise<SourceTags> {
  const { homes, naming, wanted } = request;
  const labels = new Map<string, TagLabel>();
  const own = await resolve(listedTags(request), isOwn);
  const project = await findProject(own, book);
  const first = await catalog(own);
  for (const entry of own) labels.set(entry.tag, labelOf(entry, first));
  const tags = await resolve(own, (entry) => mayGo(entry, labels.get(entry.tag), wanted));
  const input = { tags, catalog: await catalog(tags), facts: book.facts, wanted };
  const { imageOf, now } = request;
  for (;;) {
    const selected = selectTags({ ...input, imageOf, now });
    if (!("needs" in selected)) {
      return { tags, selected, ...(project === undefined ? {} : { project }) };
    }
    await book.answer(selected.needs);
  }

  /** Those of the tags that are asked for get a digest. */
  async function resolve(
    some: readonly SourceTag[],
    isAsked: (entry: SourceTag) => boolean,
  ): Promise<readonly SourceTag[]> {
    const found = new Map<string, InventoryTag>();
    for (const home of homesOf(homes)) {
      const asked = some.filter((entry) => entry.home === home && isAsked(entry));
      const kinds = new Map(asked.map(({ tag, class: { kind } }) => [tag, kind]));
      const resolved = await book.resolve(home, asked, async (tag) =>
        isMissingThere(tag, labels.get(tag) ?? kinds.get(tag) ?? "foreign"),
      );
      for (const entry of resolved) found.set(entry.tag, entry);
    }
    return some.map((entry) => ({ ...entry, ...found.get(entry.tag) }));
  }

  async function isMissingThere(tag: string, label: TagLabel): Promise<boolean> {
    const place = placeTag(tag, label, naming);
    if ("rule" in place || places.ruleAgainst(place.repository) !== undefined) return false;
    return !(await places.open(place.repository)).listing.has(place.tag);
  }

  async function catalog(some: readonly InventoryTag[]): Promise<Catalog> {
    const { rules } = request;
    const { repository } = homes.stages;
    const what = { tags: some, project: project ?? "", repository };
    for (;;) {
      const made = catalogTags({ ...what, ...(rules === undefined ? {} : { rules }) }, book.facts);
      if (!("needs" in made)) return made;
      await book.answer(made.needs);
    }
  }
}

/** Every tag of the source, one that is among the records too as it is there. */
function listedTags({ homes, listing, resolved }: TagsRequest): readonly SourceTag[] {
  const { stages, records } = homes;
  const known = resolved && new Map(resolved.map((entry) => [entry.tag, entry]));
  const tagsOf = (home: Home, entries: HomeListing["stages"]): SourceTag[] =>
    entries.map(({ tag, digest, mediaType, pushedAt }) => ({
      tag,
      class: classifyTag(tag),
      home,
      ...(digest === undefined ? {} : { digest }),
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
      ...known?.get(tag),
    }));
  const ours = records === undefined ? [] : tagsOf(records, listing.records ?? []).filter(isRecord);
  const named = new Set(ours.map(({ tag }) => tag));
  return [...tagsOf(stages, listing.stages).filter(({ tag }) => !named.has(tag)), ...ours];
}

function homesOf({ stages, records }: Homes): readonly Home[] {
  return records === undefined ? [stages] : [stages, records];
}

/** Whether a tag is the project's by its name, so that nobody has to ask whether it goes. */
function isOwn({ class: { kind } }: SourceTag): boolean {
  return kind !== "foreign" && kind !== "signature" && !isTransient(kind);
}

/** Whether a tag with a name of a person's choice may go. */
function mayGo(
  { class: { kind } }: SourceTag,
  label: TagLabel | undefined,
  { foreign, classes }: Wanted,
): boolean {
  if (kind !== "foreign") return false;
  return label !== "foreign" || foreign || classes?.has("foreign") === true;
}

/** The project that the first readable record or stage names. */
async function findProject(
  tags: readonly SourceTag[],
  book: SourceBook,
): Promise<string | undefined> {
  const digests = new Map(
    tags.flatMap(({ tag, digest }) => (digest === undefined ? [] : [[tag, digest] as const])),
  );
  for (const tag of tellingTags(digests.keys())) {
    const digest = digests.get(tag);
    if (digest === undefined) continue;
    await book.answer([{ digest, config: true }]);
    const known = book.facts.get(digest);
    if (known?.kind !== "image" || typeof known.image !== "object") continue;
    const project = known.image.labels[LABEL.project];
    if (project !== undefined) return project;
  }
  return undefined;
}
