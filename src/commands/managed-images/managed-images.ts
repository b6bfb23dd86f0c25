import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { putRecord } from "../../registry/put-record.ts";
import { LABEL } from "../../stages/labels.ts";
import { recordImage } from "../../stages/record.ts";
import { classifyTag, managedImageTag } from "../../stages/tag.ts";
import { applyCleanup } from "../cleanup/apply-cleanup.ts";
import type { Applied } from "../cleanup/apply-cleanup.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { readFacts } from "../facts.ts";
import { listHomes, resolveHomes } from "../cleanup/homes.ts";
import type { Home } from "../cleanup/homes.ts";
import { planRemoval } from "./managed-images-removal.ts";
import { refuseMovedRecords } from "../cleanup/meta-repo.ts";
import { settledOf } from "../cleanup/result.ts";
import type { RunLock } from "../cleanup/run-lock.ts";

/** Where the image names of a project are recorded. */
export interface ManagedImagesRequest {
  readonly repository: Repository;
  /** Where the records are, when they are not with the stages. */
  readonly metaRepo?: Repository;
  readonly project: string;
}

export interface ManagedImage {
  /** Empty for the nameless image. A name that made no tag comes back as its slug. */
  readonly name: string;
  readonly tag: string;
  /** Absent when the tag resolves to nothing. */
  readonly digest?: Digest;
}

/** The recorded image names of a project, sorted. */
export async function listManagedImages(
  request: ManagedImagesRequest,
  deps: CommandDeps,
): Promise<readonly ManagedImage[]> {
  return imagesAmong((await openRecords(request, deps)).tags);
}

export interface Added {
  readonly name: string;
  readonly tag: string;
  readonly status: "added" | "there";
}

/** Records image names; a name that is recorded already is left as it is. */
export async function addManagedImages(
  request: ManagedImagesRequest & { readonly names: readonly string[] },
  deps: CommandDeps,
): Promise<readonly Added[]> {
  const { home, tags } = await openRecords(request, deps);
  await refuseOthers(tags, home, request.project, deps);
  const there = new Set(tags.map(({ tag }) => tag));
  const added: Added[] = [];
  for (const [place, name] of request.names.entries()) {
    const tag = managedImageTag(name);
    if (there.has(tag)) {
      added.push({ name, tag, status: "there" });
      continue;
    }
    const record = recordImage(request.project, {}, momentOf(deps.now(), place));
    const { host, name: path } = home.repository;
    await putRecord(home.registry, { host, name: path, tag }, record, { signal: deps.signal });
    there.add(tag);
    added.push({ name, tag, status: "added" });
  }
  return added;
}

export interface Removed extends Applied {
  /** Absent when nothing was deleted. */
  readonly journal?: string;
}

/**
 * Removes the records of image names, each after it was written into the journal. All names have to be recorded; else
 * nothing is changed.
 */
export async function removeManagedImages(
  request: ManagedImagesRequest & { readonly names: readonly string[]; readonly dryRun: boolean },
  deps: CommandDeps,
): Promise<Removed> {
  const { home, tags } = await openRecords(request, deps);
  await refuseOthers(tags, home, request.project, deps);
  const plan = await planRemoval(request, home, tags, deps);
  if (request.dryRun) {
    const deleted = plan.deletions.flatMap((item) =>
      settledOf(item).map((entry) => ({ ...entry, how: item.how })),
    );
    return { deleted, failed: [], skipped: [] };
  }
  const { repository, registry } = home;
  await using journal = await deps.openJournal(
    {
      kind: "tidemark-journal",
      schema: 2,
      repository: formatRepository(repository),
      project: request.project,
      startedAt: deps.now().toISOString(),
    },
    registry,
  );
  const gathered = {
    replan: () => Promise.resolve(undefined),
    hasNewUses: () => Promise.resolve(false),
    rereadHistory: () => Promise.resolve(),
    leases: () => ({ own: new Set<string>(), others: [] }),
  };
  const context = { gathered, registry, journal, lock: UNLOCKED, allow: new Set<string>() };
  const applied = await applyCleanup(plan, context, deps);
  return applied.deleted.length === 0 ? applied : { ...applied, journal: journal.place };
}

/** Whether a tag has to be resolved here: stages and what ties them to commits never share a manifest with a name. */
function isNeeded({ tag }: { readonly tag: string }): boolean {
  const { kind } = classifyTag(tag);
  return kind !== "stage" && kind !== "image-metadata";
}

interface Records {
  readonly home: Home;
  /** Every tag of the repository that has the records. */
  readonly tags: readonly InventoryTag[];
}

async function openRecords(
  { repository, metaRepo }: ManagedImagesRequest,
  deps: CommandDeps,
): Promise<Records> {
  const stages: Home = { registry: await deps.openRegistry(repository), repository };
  const records: Home | undefined = metaRepo && {
    registry: await deps.openRegistry(metaRepo, "meta-repo"),
    repository: metaRepo,
  };
  const homes = { stages, ...(records === undefined ? {} : { records }) };
  const listing = await listHomes(homes, deps);
  const found = await resolveHomes(
    homes,
    {
      stages: listing.stages.filter(isNeeded),
      ...(listing.records && { records: listing.records.filter(isNeeded) }),
    },
    deps,
  );
  await refuseMovedRecords(found.stages, homes, { signal: deps.signal });
  return { home: records ?? stages, tags: found.records ?? found.stages };
}

function imagesAmong(tags: readonly InventoryTag[]): ManagedImage[] {
  const images = tags.flatMap(({ tag, digest, class: known }): ManagedImage[] =>
    known.kind === "managed-image"
      ? [{ name: known.imageName, tag, ...(digest === undefined ? {} : { digest }) }]
      : [],
  );
  return images.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Stops where the names that are recorded are those of another project. */
async function refuseOthers(
  tags: readonly InventoryTag[],
  { registry, repository }: Home,
  project: string,
  { signal }: CommandDeps,
): Promise<void> {
  for (const { tag, digest } of imagesAmong(tags)) {
    if (digest === undefined) continue;
    const facts = await readFacts(registry, repository, { digest, config: true }, { signal });
    if (facts.kind !== "image" || typeof facts.image !== "object") continue;
    const owner = facts.image.labels[LABEL.project];
    if (owner === undefined) continue;
    if (owner === project) return;
    throw new GuardError(
      "other-project",
      `tag ${tag} of ${formatRepository(repository)} belongs to project "${owner}", and the configuration is of "${project}"; is this the right repository?`,
    );
  }
}

/** A name protects nothing by itself, so no cleanup is in the way of its removal. */
const UNLOCKED: RunLock = {
  take: () => Promise.resolve(),
  isTaken: () => true,
  check: () => Promise.resolve(),
  keepUp: () => Promise.resolve(),
  release: () => Promise.resolve(),
  warnings: [],
};

/** RFC 3339 with nanoseconds that differ by place: no two records may have the same bytes. */
function momentOf(now: Date, place: number): string {
  return now.toISOString().replace("Z", `${String(place).padStart(6, "0")}Z`);
}
