import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestContent } from "../../oci/manifest-content.ts";
import type { Repository } from "../../oci/reference.ts";
import type { TagEntry } from "../../registry/registry.ts";
import { murmurHash } from "../../stages/hash.ts";
import { classifyTag } from "../../stages/tag.ts";
import { listHomes } from "../cleanup/homes.ts";
import type { Home } from "../cleanup/homes.ts";
import { resolveTags } from "../cleanup/inventory.ts";
import { createManifestContents } from "../cleanup/manifest-contents.ts";
import type { CommandDeps } from "../deps.ts";

export interface ListStagesRequest {
  readonly repository: Repository;
  /** Where the records are, when they are not with the stages. */
  readonly metaRepo?: Repository;
}

export interface ListedStage {
  readonly tag: string;
  readonly kind: "stage" | "index";
  /** Absent when the tag leads nowhere. */
  readonly digest?: Digest;
  /** Milliseconds since the epoch; of an index, when the youngest of its stages was built. Absent: nothing tells. */
  readonly builtAt?: number;
  /** Bytes of all that it leads to, each once; absent when it could not be read. */
  readonly size?: number;
  readonly isRejected: boolean;
  /** Builds of it that records tell of, sorted. */
  readonly builds: readonly StageBuild[];
}

export interface StageBuild {
  /** Empty for the nameless image; absent: no record tells the name. */
  readonly image?: string;
  /** Hex id. */
  readonly commit: string;
}

export interface StageList {
  /** Youngest first. */
  readonly stages: readonly ListedStage[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** The stages and indexes of a repository, as its tags and records tell of them. Changes nothing. */
export async function listStages(
  { repository, metaRepo }: ListStagesRequest,
  deps: CommandDeps,
): Promise<StageList> {
  await using registry = await deps.openRegistry(repository);
  const records: Home | undefined =
    metaRepo === undefined
      ? undefined
      : { registry: await deps.openRegistry(metaRepo, "meta-repo"), repository: metaRepo };
  const home: Home = { registry, repository };
  const homes = { stages: home, ...(records === undefined ? {} : { records }) };
  const listing = await listHomes(homes, deps);
  const wanted = listing.stages.filter(({ tag }) => mayBeStage(tag));
  const tags = await resolveTags(registry, repository, wanted, deps);
  const contents = createManifestContents();
  const digests = tags.flatMap(({ digest }) => (digest === undefined ? [] : [digest]));
  const unread = await contents.read(digests, () => home, deps);
  const book = readRecords(listing.records ?? listing.stages);
  const builtAt = timesByDigest(tags);
  const stages = tags.flatMap((entry) => {
    const found = listed(entry, { ...book, builtAt, known: contents.known });
    return found === undefined ? [] : [found];
  });
  return {
    stages: stages.toSorted(byAge),
    warnings: unread === undefined ? [] : [`sizes are incomplete: ${unread}`],
  };
}

function mayBeStage(tag: string): boolean {
  const { kind } = classifyTag(tag);
  return kind === "stage" || kind === "index";
}

/** What the records of a repository tell of its stages. */
interface RecordBook {
  readonly rejected: ReadonlySet<string>;
  /** By stage id. */
  readonly builds: ReadonlyMap<string, readonly StageBuild[]>;
}

function readRecords(listing: readonly TagEntry[]): RecordBook {
  const classes = listing.map(({ tag }) => classifyTag(tag));
  const names = new Map(
    classes.flatMap((known) =>
      known.kind === "managed-image"
        ? [[murmurHash(known.imageName), known.imageName] as const]
        : [],
    ),
  );
  const rejected = new Set<string>();
  const builds = new Map<string, StageBuild[]>();
  for (const known of classes) {
    if (known.kind === "rejected") rejected.add(known.stageId);
    if (known.kind !== "image-metadata") continue;
    const image = names.get(known.nameHash);
    const build = { ...(image === undefined ? {} : { image }), commit: known.commit };
    const before = builds.get(known.stageId);
    if (before === undefined) builds.set(known.stageId, [build]);
    else before.push(build);
  }
  return { rejected, builds };
}

interface Ground extends RecordBook {
  readonly builtAt: ReadonlyMap<Digest, number>;
  readonly known: ReadonlyMap<Digest, ManifestContent>;
}

/** A stage, or an index of stages; `undefined` for whatever else has a tag like one. */
function listed(entry: InventoryTag, ground: Ground): ListedStage | undefined {
  const { tag, digest, class: known } = entry;
  if (known.kind !== "stage" && known.kind !== "index") return undefined;
  const reached = digest === undefined ? [] : reach(digest, ground.known);
  const times = reached.flatMap((each) => ground.builtAt.get(each) ?? []);
  if (known.kind === "index" && times.length === 0) return undefined;
  const builtAt = known.kind === "stage" ? known.builtAt : Math.max(...times);
  const size = digest === undefined ? undefined : sizeOf(reached, ground.known);
  return {
    tag,
    kind: known.kind,
    ...(digest === undefined ? {} : { digest }),
    builtAt,
    ...(size === undefined ? {} : { size }),
    isRejected: ground.rejected.has(tag),
    builds: (ground.builds.get(tag) ?? []).toSorted(byImage),
  };
}

/** When each digest with a stage's tag was built, the latest of its tags. */
function timesByDigest(tags: readonly InventoryTag[]): ReadonlyMap<Digest, number> {
  const times = new Map<Digest, number>();
  for (const { digest, class: known } of tags) {
    if (digest === undefined || known.kind !== "stage") continue;
    times.set(digest, Math.max(times.get(digest) ?? 0, known.builtAt));
  }
  return times;
}

/** A manifest and all that it leads to, each once. */
function reach(digest: Digest, known: ReadonlyMap<Digest, ManifestContent>): readonly Digest[] {
  const reached = new Set([digest]);
  // A set yields what is added while it is read.
  for (const each of reached) {
    for (const child of known.get(each)?.children ?? []) reached.add(child);
  }
  return [...reached];
}

/** Bytes of manifests and their blobs, each once; `undefined` when one of them is not known. */
function sizeOf(
  digests: readonly Digest[],
  known: ReadonlyMap<Digest, ManifestContent>,
): number | undefined {
  const sizes = new Map<Digest, number>();
  for (const digest of digests) {
    const content = known.get(digest);
    if (content === undefined) return undefined;
    sizes.set(digest, content.size);
    for (const blob of content.blobs) sizes.set(blob.digest, blob.size);
  }
  return sizes.values().reduce((sum, size) => sum + size, 0);
}

function byAge(a: ListedStage, b: ListedStage): number {
  const times = (b.builtAt ?? 0) - (a.builtAt ?? 0);
  if (times !== 0) return times;
  return a.tag < b.tag ? -1 : 1;
}

function byImage(a: StageBuild, b: StageBuild): number {
  const order = (build: StageBuild): string => `${build.image ?? "~"} ${build.commit}`;
  return order(a) < order(b) ? -1 : 1;
}
