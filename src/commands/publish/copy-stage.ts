import type { Descriptor } from "../../oci/descriptor.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import { blobsOfImage, blobsOfStage, originIn, originOf } from "./blob-origins.ts";
import { findMissingBlob } from "./broken.ts";
import type { Place } from "./places.ts";
import type { PublishedStage, StoredImage } from "./published.ts";
import { putTag } from "./put-tag.ts";
import { describeStage, readStage } from "./read-stage.ts";
import type { Run } from "./run.ts";
import type { WantedStage } from "./wanted.ts";

/** A stage of the primary repository that provably lacks a blob. */
export interface BrokenStage {
  readonly broken: Descriptor;
}

/**
 * Copies a stage of the primary repository to another one under the same id, and answers what is there now: what was there
 * before is never changed. Rejects when that cannot be done, but for a stage that is broken.
 */
export async function copyStage(
  stage: PublishedStage,
  wanted: WantedStage,
  target: Place,
  run: Run,
): Promise<StoredImage | BrokenStage> {
  const { stageId } = stage;
  const { registry, repository, listing } = target;
  const { host, name } = repository;
  const reference = { host, name, tag: stageId };
  if (await listing.has(stageId)) {
    const there = await registry.resolve(reference, { signal: run.deps.signal });
    if (there !== undefined) return await storedIn(target, stage, there, run);
  }
  const broken = await copyBlobs(stage, wanted, target, run);
  if (broken !== undefined) return { broken };
  const outcome = await putTag(registry, reference, stage.manifest, run.deps);
  listing.add(stageId);
  if (outcome === "written") return imageOf(stage);
  const there = await registry.resolve(reference, { signal: run.deps.signal });
  return storedIn(target, stage, there, run);
}

/** Answers the blob that the primary repository has lost, if that is what keeps the others from being copied. */
async function copyBlobs(
  stage: PublishedStage,
  wanted: WantedStage,
  { uploader }: Place,
  run: Run,
): Promise<Descriptor | undefined> {
  const { primary } = run.places;
  if (stage.digest === wanted.labelled.manifest.digest) {
    await uploader.uploadBlobs(blobsOfImage(wanted), originOf(wanted, primary.repository));
    return undefined;
  }
  const read = describeStage(stage.manifest, stage);
  if (read === undefined) throw new Error(`${stage.stageId} is no image`);
  try {
    await uploader.uploadBlobs(blobsOfStage(read), originIn(primary));
    return undefined;
  } catch (error) {
    if (!isRegistryError(error, "not-found")) throw error;
    const missing = await findMissingBlob(primary, read.content, run);
    if (missing === undefined) throw error;
    return missing;
  }
}

/** What a repository has under the id of a stage. */
async function storedIn(
  target: Place,
  stage: PublishedStage,
  there: Descriptor | undefined,
  { warn, deps: { signal } }: Run,
): Promise<StoredImage> {
  if (there?.digest === stage.digest) return imageOf(stage);
  const read = await readStage(target, stage, signal);
  if (typeof read === "string") {
    throw new RegistryError(
      "protocol",
      `${target.address}:${stage.stageId} is ${read}, though its tag is taken`,
    );
  }
  warn(
    `${target.address}:${stage.stageId} is ${read.stored.digest} there, and ${stage.digest} in the primary repository; it stays as it is`,
  );
  return read.stored;
}

function imageOf(stage: PublishedStage): StoredImage {
  const { stageId, platform, digest, manifest, configDigest, size } = stage;
  return { stageId, platform, digest, manifest, configDigest, size };
}
