import type { Candidate, StageListing } from "./stage-listing.ts";

export interface Selection {
  /** 56 hex characters. */
  readonly stageDigest: string;
  /** When the stage that it was built on was published. Milliseconds since the epoch. Absent: it was built on none. */
  readonly parentBuiltAt?: number | undefined;
}

/**
 * The stages of a digest that may be used, the one to use first: the oldest, so that all who see the same tags take the
 * same one. No two can be equally old, for the time is part of the tag.
 *
 * Left out are those that a marker of exactly that stage rejects, and those older than their parent: they were built on
 * another one.
 */
export function selectStages(
  { stages, rejected }: StageListing,
  { stageDigest, parentBuiltAt = 0 }: Selection,
): readonly Candidate[] {
  const known = stages.get(stageDigest) ?? [];
  return known
    .filter(({ stageId, builtAt }) => builtAt >= parentBuiltAt && !rejected.has(stageId))
    .toSorted((a, b) => a.builtAt - b.builtAt);
}
