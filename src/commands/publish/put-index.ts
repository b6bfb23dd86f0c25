import { hasSameChildren, stageIndex } from "../../engine/publish/stage-index.ts";
import type { IndexChild } from "../../engine/publish/stage-index.ts";
import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import type { Index, ManifestBody } from "../../oci/manifest.ts";
import { DOCKER_INDEX, OCI_INDEX } from "../../oci/media-type.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import { parsePlatform } from "../../stages/platform.ts";
import { indexDigestOf } from "../../stages/stage-digest.ts";
import type { Place } from "./places.ts";
import type { StoredImage, StoredIndex } from "./published.ts";
import { lookFor } from "./put-tag.ts";
import { putWhole } from "./put-whole.ts";
import type { Run } from "./run.ts";

/**
 * Puts the index of stages that are in a repository, unless it is there. One that names other manifests under the same
 * tag stays as it is while all of them are there: somebody may use it.
 */
export async function putIndex(
  stages: readonly StoredImage[],
  place: Place,
  run: Run,
): Promise<StoredIndex> {
  const { registry, repository, listing } = place;
  const stageId = indexDigestOf(stages);
  const { host, name } = repository;
  const reference = { host, name, tag: stageId };
  const size = stages.reduce((sum, stage) => sum + stage.size, 0);
  const children = stages.map(childOf);
  const ours = stageIndex(children);
  const { signal } = run.deps;

  const before = await registry.resolve(reference, { signal });
  listing.add(stageId);
  if (before?.digest === ours.digest) return stored(ours, false);
  if (before !== undefined) {
    const theirs = await registry.getManifest(reference, { signal });
    if (await stays(theirs)) return stored(theirs, false);
  }
  const written = await writeUnlessThere();
  if (written === undefined) {
    return stored(await registry.getManifest(reference, { signal }), false);
  }
  const after = await lookFor(registry, reference, run.deps);
  if (after.digest === written.digest) return stored(written, true);
  return stored(await registry.getManifest(reference, { signal }), false);

  function stored(manifest: ManifestBody, isNew: boolean): StoredIndex {
    return { stageId, digest: manifest.digest, manifest, size, isNew };
  }

  /** Whether an index that is there under the tag is to be left alone. */
  async function stays(theirs: ManifestBody): Promise<boolean> {
    const index = readIndex(theirs);
    if (index === undefined) return false;
    if (hasSameChildren(index.children, children)) return true;
    for (const { digest } of index.children) {
      if ((await registry.resolve({ host, name, digest }, { signal })) === undefined) return false;
    }
    run.warn(
      `the index ${place.address}:${stageId} names other manifests of the same stages; it stays as it is`,
    );
    return true;
  }

  /** `undefined` where the tag cannot be changed, and another wrote it at the same moment. */
  async function writeUnlessThere(): Promise<ManifestBody | undefined> {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (before !== undefined || !isRegistryError(error)) throw error;
      if ((await registry.resolve(reference, { signal })) === undefined) throw error;
      return undefined;
    }
  }

  /** A registry that takes no manifest list takes an OCI index. */
  async function write(): Promise<ManifestBody> {
    try {
      await putWhole(registry, reference, ours, run.deps);
      return ours;
    } catch (error) {
      const isFormat = isRegistryError(error, "invalid") || isRefusedType(error);
      if (ours.mediaType !== DOCKER_INDEX || !isFormat) throw error;
      const other = stageIndex(children, OCI_INDEX);
      await putWhole(registry, reference, other, run.deps);
      return other;
    }
  }
}

function isRefusedType(error: unknown): boolean {
  return isRegistryError(error) && error.status === 415;
}

function childOf({ platform, manifest, digest, stageId }: StoredImage): IndexChild {
  const parsed = parsePlatform(platform);
  if (parsed === undefined) {
    throw new RegistryError(
      "invalid",
      `stage ${stageId} is for "${platform}", which is no platform`,
    );
  }
  return { platform: parsed, mediaType: manifest.mediaType, digest, size: manifest.bytes.length };
}

function readIndex(manifest: ManifestBody): Index | undefined {
  try {
    const read = parseManifest(manifest);
    return read.kind === "index" ? read : undefined;
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}
