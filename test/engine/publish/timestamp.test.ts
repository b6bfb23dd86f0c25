import fc from "fast-check";
import { expect, it } from "vitest";

import { chooseTimestamp } from "../../../src/engine/publish/timestamp.ts";

const NOW = 1_700_000_000_000;

it.each([
  ["is now where nothing is there", {}, NOW],
  ["comes after what is there though its clock was ahead", { existing: [NOW + 5, NOW] }, NOW + 6],
  ["comes after its parent", { parentBuiltAt: NOW + 9 }, NOW + 10],
  ["is now where all of it is older", { existing: [NOW - 1], parentBuiltAt: NOW - 2 }, NOW],
  ["has 13 digits whatever the clock says", { now: 12 }, 1_000_000_000_000],
  ["is a whole number", { now: NOW + 0.7, apart: 0.7 }, NOW],
  ["lies apart from now", { apart: 3 }, NOW + 3],
  [
    "lies apart from the first time after what is there",
    { existing: [NOW + 5], apart: 3 },
    NOW + 9,
  ],
  ["lies not beyond the last there is", { now: 9_999_999_999_990, apart: 99 }, 9_999_999_999_990],
  ["is none after the last there is", { existing: [9_999_999_999_999] }, undefined],
])("a timestamp %s", (_, given, expected) => {
  expect(choose(given)).toBe(expected);
});

it("comes after everything, and has 13 digits", () => {
  const times = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_998 });
  fc.assert(
    fc.property(fc.array(times), times, times, (existing, parentBuiltAt, now) => {
      const timestamp = choose({ existing, parentBuiltAt, now });

      expect(String(timestamp)).toHaveLength(13);
      for (const before of [...existing, parentBuiltAt]) expect(timestamp).toBeGreaterThan(before);
      expect(timestamp).toBeGreaterThanOrEqual(now);
    }),
  );
});

function choose({
  now = NOW,
  apart = 0,
  existing = [],
  parentBuiltAt,
}: {
  readonly now?: number;
  readonly apart?: number;
  readonly existing?: readonly number[];
  readonly parentBuiltAt?: number;
}): number | undefined {
  const stages = existing.map((builtAt) => ({ stageId: String(builtAt), builtAt }));
  return chooseTimestamp({ now, apart, existing: stages, parentBuiltAt });
}
