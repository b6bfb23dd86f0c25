import { expect, it } from "vitest";
import { isWithin } from "../../../src/engine/cleanup/policy.ts";
import type { Limit } from "../../../src/engine/cleanup/policy.ts";

/** Rank 0 to 3 of ages 0 to 3 hours: which count. */
it.each<[string, Limit, string]>([
  ["nothing given: all", { last: undefined, inMs: undefined, operator: "And" }, "0123"],
  ["nothing given with Or: all", { last: undefined, inMs: undefined, operator: "Or" }, "0123"],
  ["the newest two", { last: 2, inMs: undefined, operator: "And" }, "01"],
  ["the newest two with Or", { last: 2, inMs: undefined, operator: "Or" }, "01"],
  ["none", { last: 0, inMs: undefined, operator: "And" }, ""],
  ["no limit", { last: -1, inMs: undefined, operator: "And" }, "0123"],
  [
    "of the last hour, its end included",
    { last: undefined, inMs: hours(1), operator: "And" },
    "01",
  ],
  ["of the last hour with Or", { last: undefined, inMs: hours(1), operator: "Or" }, "01"],
  ["of no time", { last: undefined, inMs: 0, operator: "And" }, "0"],
  ["both", { last: 3, inMs: hours(1), operator: "And" }, "01"],
  ["either", { last: 3, inMs: hours(1), operator: "Or" }, "012"],
  ["no limit and a window", { last: -1, inMs: hours(2), operator: "And" }, "012"],
  ["no limit or a window", { last: -1, inMs: hours(2), operator: "Or" }, "0123"],
])("%s", (_, limit, counted) => {
  const ranks = [0, 1, 2, 3];

  expect(ranks.filter((rank) => isWithin(limit, rank, hours(rank))).join("")).toBe(counted);
});

function hours(count: number): number {
  return count * 3_600_000;
}
