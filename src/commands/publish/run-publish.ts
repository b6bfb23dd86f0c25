import { isRegistryError } from "../../registry/error.ts";
import { UnfinishedError } from "../error.ts";
import { isLeaseTag } from "../../stages/lease.ts";
import type { PlannedTag } from "./custom-tags-template.ts";
import { previewPublish } from "./preview.ts";
import { publish } from "./publish.ts";
import type { PublishPreview, PublishResult, PublishedImage } from "./published.ts";
import { areCopiesThere } from "./final-copies.ts";
import { outlastsCleanup } from "./outlast-cleanup.ts";
import { openRecorder } from "./record-images.ts";
import type { ImageRecorder, ImageToRecord, Recorded, RecordRequest } from "./record-images.ts";
import type { PublishDeps, PublishRequest } from "./request.ts";

/** What is published, and what is written about it. */
export interface PublishRunRequest {
  readonly publish: PublishRequest;
  readonly records: RecordRequest;
}

export type PublishRun = Pick<PublishResult, "images" | "warnings"> & Recorded;

/**
 * Publishes images, records them, and sets their custom tags: in that order, so that nothing names what is not there. A
 * cleanup leaves the stages alone until the records are written. Rejects like `publish`, and with `UnfinishedError`.
 */
export async function runPublish(
  request: PublishRunRequest,
  deps: PublishDeps,
): Promise<PublishRun> {
  const recorder = await openRecorder(request.records, request.publish.images, deps);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const published = await publishOnce(request, recorder, deps);
    if (published !== undefined) return published;
    const message = "a cleanup took what was about to be used; it is published anew";
    deps.report({ type: "warning.raised", message });
  }
  throw new UnfinishedError(
    "cleanups take each time what was published before; publish again when none is running",
  );
}

/** How often everything is published that a cleanup takes meanwhile. */
const MAX_ROUNDS = 4;

/** `undefined` when a cleanup took some of it before it knew of the records. */
async function publishOnce(
  request: PublishRunRequest,
  recorder: ImageRecorder,
  deps: PublishDeps,
): Promise<PublishRun | undefined> {
  const published = await publish(request.publish, deps, recorder.admit);
  try {
    const stored = published.images.map(recordable);
    const recorded = await finishing(recorder.record(stored, published.tags));
    const { written, there } = recorded.records;
    // What the list that the run went by shows is no news to a cleanup whose lease it does not show.
    const isNews = [...written, ...there].some((tag) => !published.tags.has(tag));
    const mayBeLate = isNews || [...published.tags].some(isLeaseTag);
    if (mayBeLate && !(await finishing(isThereToStay(request, published, deps)))) return undefined;
    for (const message of recorded.records.warnings) {
      deps.report({ type: "warning.raised", message });
    }
    const warnings = [...published.warnings, ...recorded.records.warnings];
    return { images: published.images, ...recorded, warnings };
  } finally {
    await published.release();
  }
}

/** Whether no cleanup takes what was found any more, and none has. */
async function isThereToStay(
  { publish: { repositories, lock } }: PublishRunRequest,
  { images }: PublishResult,
  deps: PublishDeps,
): Promise<boolean> {
  const { primary, final } = repositories;
  if (!(await outlastsCleanup(images, { primary, waitMs: lock.waitMs }, deps))) return false;
  return final === undefined || (await areCopiesThere(images, final, deps));
}

/** What a registry refuses by now leaves images that are published, and that too few records tell of. */
async function finishing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    throw new UnfinishedError(
      `the images are published, but what goes with them, records and custom tags, is not done: ${error.message}; publish again, and nothing is sent twice`,
      { cause: error },
    );
  }
}

export interface RunPreview extends PublishPreview {
  readonly customTags: readonly PlannedTag[];
}

/**
 * Tells what `runPublish` would do, by what is there before it; changes nothing. Custom tags that could not be set are
 * refused as they would be.
 */
export async function previewRun(
  request: PublishRunRequest,
  deps: PublishDeps,
): Promise<RunPreview> {
  const { planned } = await openRecorder(request.records, request.publish.images, deps);
  return { ...(await previewPublish(request.publish, deps)), customTags: planned };
}

/** What stands for an image: its index where it has one, in the final repository where it is there. */
export function recordable(image: PublishedImage): ImageToRecord {
  const { name, isFinal, stages, index, final } = image;
  const [first] = stages;
  const place = final ?? { stages, index };
  const stored = place.index ?? place.stages[0];
  if (first === undefined || stored === undefined) {
    throw new Error(`image "${name}" was published without a stage`);
  }
  const { digest, manifest } = stored;
  const stageId = index?.stageId ?? first.stageId;
  return { name, isFinal, stageId, digest, manifest: () => Promise.resolve(manifest) };
}
