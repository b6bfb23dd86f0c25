import type { PublishDeps, PublishRequest } from "./request.ts";
import { previewPublish } from "./preview.ts";
import { publish } from "./publish.ts";
import type { PublishPreview, PublishResult, PublishedImage } from "./published.ts";
import { openRecorder } from "./record-images.ts";
import type { Recorded, RecordRequest, ImageToRecord } from "./record-images.ts";

/** What is published, and what is written about it. */
export interface PublishRunRequest {
  readonly publish: PublishRequest;
  readonly records: RecordRequest;
}

export type PublishRun = Pick<PublishResult, "images" | "warnings"> & Recorded;

/**
 * Publishes images, records them, and sets their custom tags: in that order, so that nothing names what is not there. A
 * cleanup leaves the stages alone until the records are written.
 */
export async function runPublish(
  request: PublishRunRequest,
  deps: PublishDeps,
): Promise<PublishRun> {
  const recorder = await openRecorder(request.records, request.publish.images, deps);
  const published = await publish(request.publish, deps);
  try {
    const stored = published.images.map(recordable);
    const recorded = await recorder.record(stored, published.tags);
    for (const message of recorded.records.warnings) {
      deps.report({ type: "warning.raised", message });
    }
    const warnings = [...published.warnings, ...recorded.records.warnings];
    return { images: published.images, ...recorded, warnings };
  } finally {
    await published.release();
  }
}

/**
 * Tells what `runPublish` would do, by what is there before it; changes nothing. Custom tags that could not be set are
 * refused as they would be.
 */
export async function previewRun(
  request: PublishRunRequest,
  deps: PublishDeps,
): Promise<PublishPreview> {
  await openRecorder(request.records, request.publish.images, deps);
  return previewPublish(request.publish, deps);
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
