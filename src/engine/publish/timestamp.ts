import type { Candidate } from "./stage-listing.ts";

/** A stage id has 13 digits: from September 2001 to November 2286. */
const FIRST = 1_000_000_000_000;
const LAST = 9_999_999_999_999;

/**
 * The timestamp of a stage that is to be published: now, but after every stage of its digest and after its parent,
 * whatever their clocks said. So no stage that comes later is ever older than one that somebody may use already.
 *
 * `undefined` where the last possible time is taken: some clock was far ahead.
 *
 * @param now Milliseconds since the epoch.
 * @param apart Added to whatever it would be, so that those who choose at the same moment hardly ever choose the same.
 * Milliseconds.
 * @param existing Every stage of its digest, those that may not be used included.
 */
export function chooseTimestamp({
  now,
  apart = 0,
  existing,
  parentBuiltAt = 0,
}: {
  readonly now: number;
  readonly apart?: number;
  readonly existing: readonly Candidate[];
  readonly parentBuiltAt?: number | undefined;
}): number | undefined {
  const latest = existing.reduce((last, { builtAt }) => Math.max(last, builtAt), parentBuiltAt);
  const earliest = Math.max(FIRST, Math.floor(now), latest + 1);
  // Near the end of time there is no room for that.
  const timestamp = earliest + Math.floor(apart) > LAST ? earliest : earliest + Math.floor(apart);
  return timestamp > LAST ? undefined : timestamp;
}
