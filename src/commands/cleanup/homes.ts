import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry, TagEntry } from "../../registry/registry.ts";
import type { TagClass } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { listTags, resolveTags } from "./inventory.ts";

/** A repository, and the registry that serves it. */
export interface Home {
  readonly registry: Registry;
  readonly repository: Repository;
}

/** Where the tags of a project lie. */
export interface Homes {
  readonly stages: Home;
  /** Where the records are; absent: with the stages. */
  readonly records?: Home;
}

/** One listing of each home. */
export interface HomeListing {
  readonly stages: readonly TagEntry[];
  readonly records?: readonly TagEntry[];
}

export interface HomeTags {
  /**
   * What a cleanup decides about: every tag in the repository of stages, and every record in that of records. A tag that
   * is in both stands here as it is among the records.
   */
  readonly tags: readonly InventoryTag[];
  /** Every tag in the repository of stages. */
  readonly stages: readonly InventoryTag[];
  /** Every tag in the repository of records, whatever it is; absent where that is none of its own. */
  readonly records?: readonly InventoryTag[];
  /** What the tags in the repository of records point at. */
  readonly recordDigests: ReadonlySet<Digest>;
}

type Listing = Pick<CommandDeps, "report" | "signal" | "parallel">;

/**
 * Lists both homes, that of stages first: whoever publishes writes records last, so no stage is older news than the
 * records that are about it.
 */
export async function listHomes(homes: Homes, deps: Listing): Promise<HomeListing> {
  const stages = await listTags(homes.stages.registry, homes.stages.repository, deps);
  const { records } = homes;
  if (records === undefined) return { stages };
  return { stages, records: await listTags(records.registry, records.repository, deps) };
}

/**
 * Finds what the tags point at.
 *
 * @param before What was found earlier; see `resolveTags`.
 */
export async function resolveHomes(
  homes: Homes,
  listing: HomeListing,
  deps: Listing,
  before?: HomeTags,
): Promise<HomeTags> {
  const resolve = (
    { registry, repository }: Home,
    entries: readonly TagEntry[],
    known: readonly InventoryTag[] | undefined,
  ): Promise<InventoryTag[]> => {
    const index = known && { known: new Map(known.map((entry) => [entry.tag, entry])) };
    return resolveTags(registry, repository, entries, { ...deps, ...index });
  };
  const stages = await resolve(homes.stages, listing.stages, before?.stages);
  if (homes.records === undefined) return { tags: stages, stages, recordDigests: new Set() };
  const records = await resolve(homes.records, listing.records ?? [], before?.records);
  const ours = records.filter(isRecord);
  const named = new Set(ours.map(({ tag }) => tag));
  return {
    tags: [...stages.filter(({ tag }) => !named.has(tag)), ...ours],
    stages,
    records,
    recordDigests: new Set(records.flatMap(({ digest }) => (digest === undefined ? [] : [digest]))),
  };
}

/** The home from which a digest can be read: a record's is where the record is. */
export function homeOf(digest: Digest, homes: Homes, { recordDigests }: HomeTags): Home {
  return recordDigests.has(digest) ? (homes.records ?? homes.stages) : homes.stages;
}

/** Whether a tag in a repository of records is one; whatever else is there is somebody else's. */
export function isRecord({ class: { kind } }: InventoryTag): boolean {
  return IS_RECORD[kind];
}

const IS_RECORD: Readonly<Record<TagClass["kind"], boolean>> = {
  stage: false,
  index: false,
  rejected: true,
  "image-metadata": true,
  "managed-image": true,
  "custom-tag-metadata": true,
  "import-metadata": true,
  "client-id": true,
  "sync-server": true,
  "last-cleanup": true,
  "meta-repo-marker": false,
  journal: true,
  lease: true,
  signature: false,
  foreign: false,
};
