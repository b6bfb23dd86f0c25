import { expect, it } from "vitest";

import { clockSkew } from "../../src/http/clock-skew.ts";

const DATE = "Sun, 01 Feb 2026 10:00:00 GMT";
const THEIRS = Date.parse(DATE);

it.each([
  ["agrees within the second of the header", { startedAt: 400, endedAt: 600 }, 0],
  ["is not blamed for an answer that took long", { startedAt: -9_000, endedAt: 5_000 }, 0],
  ["is ahead by what is sure", { startedAt: 5_000, endedAt: 5_200 }, 4_000],
  ["is behind by what is sure", { startedAt: -7_200, endedAt: -7_000 }, -7_000],
])("a clock %s", (_, { startedAt, endedAt }, expected) => {
  const skew = clockSkew({
    startedAt: THEIRS + startedAt,
    endedAt: THEIRS + endedAt,
    headers: { date: DATE },
  });

  expect(skew).toBe(expected);
});

it.each([
  ["without a date", {}],
  ["with a date that is none", { date: "yesterday" }],
  ["that a cache had kept", { date: DATE, age: "3" }],
])("an answer %s tells nothing", (_, headers) => {
  expect(clockSkew({ startedAt: 0, endedAt: 1, headers })).toBe(0);
});
