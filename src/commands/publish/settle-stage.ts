import { publicationTime } from "../../engine/publish/stage-listing.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { DOCKER_MANIFEST } from "../../oci/media-type.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import { blobsOfImage, blobsOfStage, originIn, originOf } from "./blob-origins.ts";
import { findStage } from "./find-stage.ts";
import type { FoundStage } from "./find-stage.ts";
import { placeStage } from "./place-stage.ts";
import type { Offer } from "./place-stage.ts";
import type { Place } from "./places.ts";
import type { PublishedStage } from "./published.ts";
import { describeStage } from "./read-stage.ts";
import { attempt, openOptional } from "./run.ts";
import type { Run } from "./run.ts";
import { findIn, leftOut } from "./secondary-stage.ts";
import type { WantedStage } from "./wanted.ts";

/** A stage that is in the primary repository, as far as the list tells that the run began with. */
export async function lookForStage(
  wanted: WantedStage,
  run: Run,
): Promise<PublishedStage | undefined> {
  const listing = await run.places.primary.listing.known(wanted.stageDigest);
  const found = await findStage(wanted, listing, run);
  return found === undefined ? undefined : publishedOf(wanted, found);
}

/** Brings a stage into the primary repository: from a secondary one, else from its source; unless others are first. */
export async function bringStage(wanted: WantedStage, run: Run): Promise<PublishedStage> {
  for (const open of run.places.secondaries) {
    const secondary = await openOptional(open, "a secondary repository", run);
    const copied = secondary === undefined ? undefined : await copyFrom(secondary, wanted, run);
    if (copied !== undefined) return copied;
  }
  const { primary } = run.places;
  const { manifest } = wanted.labelled;
  await primary.uploader.uploadBlobs(blobsOfImage(wanted), originOf(wanted));
  const settled = await offer(wanted, { manifest }, run);
  if (settled === "occupied") throw new Error("an id that nobody asked for is occupied");
  if (!("placed" in settled)) return publishedOf(wanted, settled);
  return newStage(wanted, { stageId: settled.placed, manifest }, "uploaded");
}

/** Copies a stage under its own id. A secondary repository that does not answer is left out: the source has it all. */
async function copyFrom(
  secondary: Place,
  wanted: WantedStage,
  run: Run,
): Promise<PublishedStage | undefined> {
  const { primary } = run.places;
  const failed = leftOut(secondary, run);
  const { signal } = run.deps;
  const read = await attempt(() => findIn(secondary, wanted, run), failed, signal);
  if (read === undefined) return undefined;
  const uploaded = await attempt(
    async () => {
      await primary.uploader.uploadBlobs(blobsOfStage(read), originIn(secondary));
      return true;
    },
    failed,
    signal,
  );
  if (uploaded === undefined) return undefined;
  const { stageId, manifest } = read.stored;
  const settled = await offer(wanted, { manifest, stageId }, run);
  if (settled === "occupied") return undefined;
  if (!("placed" in settled)) return publishedOf(wanted, settled);
  return newStage(wanted, { stageId, manifest }, "secondary");
}

/** Stores the manifest where no tag names it, and then gives it one. */
async function offer(wanted: WantedStage, offered: Offer, run: Run): ReturnType<typeof placeStage> {
  const { registry, repository } = run.places.primary;
  await putUntagged(registry, repository, offered.manifest, run.deps.signal);
  try {
    return await placeStage(wanted, offered, run);
  } catch (error) {
    throw isRegistryError(error) ? explained(error, offered.manifest) : error;
  }
}

/** A registry that takes no Docker images says no more than that it does not take the format. */
function explained(error: RegistryError, { mediaType }: ManifestBody): RegistryError {
  if (error.status !== 415 || mediaType !== DOCKER_MANIFEST) return error;
  const { code, message, status, registryCode } = error;
  return new RegistryError(code, message, {
    status,
    ...(registryCode === undefined ? {} : { registryCode }),
    hint: "The image is in Docker's format; convert it to OCI first, for example with `skopeo copy --format oci`.",
    cause: error,
  });
}

/** What the registry says against it, it says again when the manifest gets its tag. */
async function putUntagged(
  registry: Registry,
  { host, name }: Place["repository"],
  manifest: ManifestBody,
  signal: AbortSignal,
): Promise<void> {
  if (!registry.capabilities.untaggedPut) return;
  try {
    await registry.putManifest({ host, name, digest: manifest.digest }, manifest, { signal });
  } catch (error) {
    if (!isRegistryError(error, "unsupported", "not-found", "conflict", "invalid")) throw error;
  }
}

function publishedOf(
  { stageDigest }: WantedStage,
  { stored, builtAt, source }: FoundStage,
): PublishedStage {
  return { ...stored, stageDigest, source, createdAt: builtAt };
}

function newStage(
  { platform, stageDigest }: WantedStage,
  { stageId, manifest }: { readonly stageId: string; readonly manifest: ManifestBody },
  source: "uploaded" | "secondary",
): PublishedStage {
  const described = describeStage(manifest, { stageId, platform });
  if (described === undefined) throw new Error(`${manifest.digest} is no image`);
  return { ...described.stored, stageDigest, source, createdAt: publicationTime(stageId) };
}
