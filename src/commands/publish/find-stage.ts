import { gitCommitsOf } from "../../engine/publish/git-commits.ts";
import { selectStages } from "../../engine/publish/select-stage.ts";
import type { StageListing } from "../../engine/publish/stage-listing.ts";
import { readFacts } from "../facts.ts";
import { findMissingBlob, rejectStage } from "./broken.ts";
import { readCached } from "./cached-stage.ts";
import type { Place } from "./places.ts";
import type { StoredImage } from "./published.ts";
import { readStage } from "./read-stage.ts";
import type { ReadStage } from "./read-stage.ts";
import type { Run } from "./run.ts";
import type { WantedStage } from "./wanted.ts";

export interface FoundStage {
  readonly stored: StoredImage;
  /** Milliseconds since the epoch, by its tag. */
  readonly builtAt: number;
  readonly source: "reused" | "cache";
}

/**
 * The stage of the primary repository that everybody uses for a digest; `undefined` when there is none. One that is gone,
 * that is no image, that is broken, or whose commits are no part of the history is passed over.
 */
export async function findStage(
  wanted: WantedStage,
  listing: StageListing,
  run: Run,
): Promise<FoundStage | undefined> {
  const { primary } = run.places;
  for (const { stageId, builtAt } of selectStages(listing, wanted)) {
    const stage = { stageId, platform: wanted.platform };
    const cached = await readCached(stage, run);
    const read = cached ?? (await readStage(primary, stage, run.deps.signal));
    if (typeof read === "string" || !(await isUsable(read, primary, run, wanted))) {
      if (read === "unreadable")
        run.warn(`${primary.address}:${stageId} is no image; it is passed over`);
      continue;
    }
    if (run.checksBlobs) {
      const missing = await findMissingBlob(primary, read.content, run);
      if (missing !== undefined) {
        await rejectStage(stageId, missing, run);
        continue;
      }
    }
    return { stored: read.stored, builtAt, source: cached === undefined ? "reused" : "cache" };
  }
  return undefined;
}

/** Whether a stage is made of commits that the history has. */
export async function isUsable(
  read: ReadStage,
  { registry, repository, address }: Place,
  { ancestry, deps: { signal }, warn }: Run,
  { labelled }: WantedStage,
): Promise<boolean> {
  const { digest } = read.stored;
  // What this run would publish has no labels that it does not know.
  if (ancestry === undefined || digest === labelled.manifest.digest) return true;
  const facts = await readFacts(
    registry,
    repository,
    { digest, config: true },
    { known: { kind: "image", config: read.content.config.digest }, signal },
  );
  if (facts.kind !== "image" || typeof facts.image !== "object") {
    warn(
      `the configuration of ${address}:${read.stored.stageId} cannot be read; it is passed over`,
    );
    return false;
  }
  for (const commit of gitCommitsOf(facts.image.labels)) {
    if (!(await ancestry.has(commit))) return false;
  }
  return true;
}
