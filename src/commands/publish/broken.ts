import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageManifest } from "../../oci/manifest.ts";
import { isForeignLayer } from "../../oci/media-type.ts";
import { putRecord } from "../../registry/put-record.ts";
import { LABEL } from "../../stages/labels.ts";
import { recordImage } from "../../stages/record.ts";
import { rejectedTag } from "../../stages/tag.ts";
import { isRefusal } from "../cleanup/run-lease.ts";
import type { Place } from "./places.ts";
import type { Run } from "./run.ts";

/** Between two looks at a blob that seems to be missing. Milliseconds. */
const SECOND_LOOK_MS = 1_000;

/**
 * The first blob of an image that is provably gone: the registry said twice that it has none. `undefined` when every blob
 * is there; rejects when the registry does not tell.
 */
export async function findMissingBlob(
  { registry, repository }: Pick<Place, "registry" | "repository">,
  content: ImageManifest,
  { deps: { signal, runner } }: Run,
): Promise<Descriptor | undefined> {
  for (const blob of [content.config, ...content.layers.filter(isStored)]) {
    if (await registry.hasBlob(repository, blob.digest, { signal })) continue;
    await runner.sleep(SECOND_LOOK_MS);
    if (!(await registry.hasBlob(repository, blob.digest, { signal }))) return blob;
  }
  return undefined;
}

/**
 * Marks a stage of the primary repository as broken, for good and for everyone. To be called with proof only. Where the
 * marker cannot be written, this run leaves the stage out all the same.
 */
export async function rejectStage(stageId: string, missing: Descriptor, run: Run): Promise<void> {
  const { project, deps, warn, places } = run;
  const { registry, repository, listing, address } = places.primary;
  warn(
    `stage ${address}:${stageId} is broken, the registry has lost its blob ${missing.digest}; it is marked as rejected and not used`,
  );
  const tag = rejectedTag(stageId);
  const { host, name } = repository;
  const { signal } = deps;
  const record = recordImage(project, { [LABEL.recordTag]: tag }, deps.now().toISOString());
  try {
    await putRecord(registry, { host, name, tag }, record, { signal });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    warn(`the marker ${tag} could not be written: ${error.message}`);
  }
  listing.add(tag);
}

/** Whether a registry has to have a layer: some are only ever fetched from where they are told to be. */
export function isStored({ mediaType }: Pick<Descriptor, "mediaType">): boolean {
  return !isForeignLayer(mediaType);
}
