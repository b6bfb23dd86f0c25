import { chooseTimestamp } from "../../engine/publish/timestamp.ts";
import { stagesBefore } from "../../engine/publish/stage-listing.ts";
import type { Candidate, StageListing } from "../../engine/publish/stage-listing.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { RegistryError } from "../../registry/error.ts";
import { stageTag } from "../../stages/tag.ts";
import { findStage } from "./find-stage.ts";
import type { FoundStage } from "./find-stage.ts";
import { putTag } from "./put-tag.ts";
import type { Run } from "./run.ts";
import type { StageLock } from "./stage-locks.ts";
import type { WantedStage } from "./wanted.ts";

/** A manifest whose blobs are in the primary repository. */
export interface Offer {
  readonly manifest: ManifestBody;
  /** The stage id that it has elsewhere and has to have here. Absent: it gets one. */
  readonly stageId?: string;
}

/** How often a stage is tried before it is given up: each time somebody else has the tag. */
const MAX_ATTEMPTS = 20;

/**
 * How far apart timestamps of those lie who may be choosing one at the same moment, under a lock too: it may have been
 * given to several. Milliseconds.
 */
const SPREAD_MS = 10_000;

/** How long at most a publisher without a lock listens before it speaks. Milliseconds. */
const LISTENING_MS = 400;

/**
 * Gives a manifest its tag in the primary repository, unless others were first: answers with the stage to use, or
 * `"placed"` with the id of ours.
 *
 * The list is taken under the lock. Without a lock that keeps everybody apart, it is taken again after the tag is
 * written, and the oldest stage is the one to use, whosever it is; ours stays for those who use it already. Answers
 * `"occupied"` when the id that it has to have is taken by what cannot be used.
 */
export async function placeStage(
  wanted: WantedStage,
  offer: Offer,
  run: Run,
): Promise<FoundStage | { readonly placed: string } | "occupied"> {
  const { stageDigest } = wanted;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const lock = await run.locks.lock(stageDigest);
    try {
      const settled = await tryPlace(wanted, offer, lock, run);
      if (settled !== "again") return settled;
    } finally {
      await lock.release();
    }
  }
  throw new RegistryError(
    "conflict",
    `${run.places.primary.address}: stage ${stageDigest} could not be published, others took ${MAX_ATTEMPTS} tags before us`,
  );
}

async function tryPlace(
  wanted: WantedStage,
  offer: Offer,
  lock: StageLock,
  run: Run,
): Promise<FoundStage | { readonly placed: string } | "occupied" | "again"> {
  const { deps } = run;
  const { registry, repository, listing } = run.places.primary;
  const { host, name } = repository;
  if (!lock.isAlone() && !lock.wasTaken) {
    await deps.runner.sleep(Math.floor(deps.random() * LISTENING_MS));
  }
  const before = await listing.fresh(wanted.stageDigest);
  const found = await findStage(wanted, before, run);
  if (found !== undefined) return found;
  const isAlone = lock.isAlone();
  const tag = offer.stageId ?? nextTag(wanted, before, run);
  const outcome = await putTag(registry, { host, name, tag }, offer.manifest, deps);
  listing.add(tag);
  if (outcome === "taken") {
    const wasListed = stagesOf(before, wanted).some(({ stageId }) => stageId === tag);
    return wasListed ? "occupied" : "again";
  }
  if (isAlone && lock.isAlone()) return { placed: tag };
  const after = await listing.fresh(wanted.stageDigest);
  return (await findStage(wanted, stagesBefore(after, tag), run)) ?? { placed: tag };
}

function nextTag(wanted: WantedStage, listing: StageListing, { deps, places }: Run): string {
  const { stageDigest, parentBuiltAt } = wanted;
  const apart = deps.random() * SPREAD_MS;
  const existing = stagesOf(listing, wanted);
  const now = deps.now().getTime();
  const timestamp = chooseTimestamp({ now, apart, existing, parentBuiltAt });
  if (timestamp !== undefined) return stageTag(stageDigest, timestamp);
  throw new RegistryError(
    "conflict",
    `${places.primary.address}: stage ${stageDigest} cannot be published, one of that digest, or its parent, has the last timestamp there is; remove it, its clock was wrong`,
  );
}

function stagesOf({ stages }: StageListing, { stageDigest }: WantedStage): readonly Candidate[] {
  return stages.get(stageDigest) ?? [];
}
