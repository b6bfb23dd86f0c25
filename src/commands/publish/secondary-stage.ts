import { selectStages } from "../../engine/publish/select-stage.ts";
import { isUsable } from "./find-stage.ts";
import type { Place } from "./places.ts";
import { readStage } from "./read-stage.ts";
import type { ReadStage } from "./read-stage.ts";
import { attempt, openOptional } from "./run.ts";
import type { Run } from "./run.ts";
import type { WantedStage } from "./wanted.ts";

/** The stage of a secondary repository that would be used if it was the primary one; `undefined` when it has none. */
export async function findIn(
  secondary: Place,
  wanted: WantedStage,
  run: Run,
): Promise<ReadStage | undefined> {
  const { signal } = run.deps;
  const theirs = await secondary.listing.known(wanted.stageDigest);
  const ours = await run.places.primary.listing.known(wanted.stageDigest);
  const rejected = new Set([...theirs.rejected, ...ours.rejected]);
  for (const { stageId } of selectStages({ ...theirs, rejected }, wanted)) {
    const read = await readStage(secondary, { stageId, platform: wanted.platform }, signal);
    if (typeof read !== "string" && (await isUsable(read, secondary, run, wanted))) return read;
  }
  return undefined;
}

/** Under which ids the stage may come from secondary repositories. */
export async function idsElsewhere(wanted: WantedStage, run: Run): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const open of run.places.secondaries) {
    const secondary = await openOptional(open, "a secondary repository", run);
    if (secondary === undefined) continue;
    const listing = await attempt(
      () => secondary.listing.known(wanted.stageDigest),
      leftOut(secondary, run),
      run.deps.signal,
    );
    if (listing === undefined) continue;
    ids.push(...selectStages(listing, wanted).map(({ stageId }) => stageId));
  }
  return ids;
}

/** Says that a secondary repository is done without. */
export function leftOut({ address }: Place, { warn }: Run): (reason: string) => void {
  return (reason) => warn(`secondary repository ${address} is left out: ${reason}`);
}
