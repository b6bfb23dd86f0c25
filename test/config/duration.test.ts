import { expect, it } from "vitest";
import { parseDuration } from "../../src/config/duration.ts";

it.each([
  ["168h", 604_800_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["+90m", 5_400_000],
  ["500ms", 500],
  ["1us", 0.001],
  ["1\u00b5s", 0.001],
  ["0", 0],
  ["2562047h47m16.854775807s", 9_223_372_036_854.775],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ ms });
});

it.each([
  ["999999d", 'duration "999999d" has the unknown unit "d" (write 24h for a day)'],
  ["7", 'duration "7" has no unit (write h, m, s or ms)'],
  ["1h5", 'duration "1h5" has no unit (write h, m, s or ms)'],
  ["1w", 'duration "1w" has the unknown unit "w" (write h, m, s or ms)'],
  ["", 'duration "" is empty (write one as 168h or 1h30m)'],
  ["h", '"h" is not a duration (write one as 168h or 1h30m)'],
  [".h", '".h" is not a duration (write one as 168h or 1h30m)'],
  ["-1h", 'duration "-1h" is negative'],
  ["2562048h", 'duration "2562048h" is too long (at most 2562047h, about 292 years)'],
])("%j is refused", (text, problem) => {
  expect(parseDuration(text)).toEqual({ problem });
});
