import { refuseSharedRepositories } from "./places.ts";
import type { PreviewedStage, PublishPreview } from "./published.ts";
import type { PublishDeps, PublishRequest } from "./request.ts";
import { attempt, openOptional, openRun } from "./run.ts";
import type { Run } from "./run.ts";
import { findIn } from "./secondary-stage.ts";
import { lookForStage } from "./settle-stage.ts";
import { wantedImages } from "./wanted.ts";
import type { WantedStage } from "./wanted.ts";

/**
 * Says what `publish` would do; sends nothing that changes anything. Stages that seem to be broken are not proven to be.
 * Rejects like `publish`.
 */
export async function previewPublish(
  request: PublishRequest,
  deps: PublishDeps,
): Promise<PublishPreview> {
  refuseSharedRepositories(request.repositories);
  const images = wantedImages(request);
  await using run = await openRun({ ...request, checksBlobs: false }, deps);
  const previewed = await run.each(images, async ({ name, isFinal, stages }) => ({
    name,
    isFinal,
    stages: await run.each(stages, (wanted) => previewStage(wanted, run)),
  }));
  return { images: previewed, warnings: [...run.warnings] };
}

async function previewStage(wanted: WantedStage, run: Run): Promise<PreviewedStage> {
  const { platform, stageDigest } = wanted;
  const found = await lookForStage(wanted, run);
  if (found !== undefined) {
    const { stageId, size } = found;
    return { platform, stageDigest, action: "reuse", stageId, size };
  }
  for (const open of run.places.secondaries) {
    const secondary = await openOptional(open, "a secondary repository", run);
    if (secondary === undefined) continue;
    const copied = await attempt(
      () => findIn(secondary, wanted, run),
      (reason) => run.warn(`secondary repository ${secondary.address} is left out: ${reason}`),
      run.deps.signal,
    );
    if (copied !== undefined) {
      const { stageId, size } = copied.stored;
      return { platform, stageDigest, action: "copy", stageId, size };
    }
  }
  return { platform, stageDigest, action: "upload", size: wanted.size };
}
