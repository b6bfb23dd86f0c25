import { expect, it } from "vitest";

import { matchesAny } from "../../../src/engine/migrate/pattern.ts";

it.each([
  ["web", "web", true],
  ["web", "webs", false],
  ["*", "", true],
  ["w*b", "wb", true],
  ["w*b", "web", true],
  ["w*b", "w", false],
  ["*.*", "1.0", true],
  ["a*a", "a", false],
  ["a*b*a", "aba", true],
  ["a*b*a", "abca", true],
  ["a*b*ba", "aba", false],
  ["1.0", "1x0", false],
])("%s matches %s: %s", (pattern, text, matches) => {
  expect(matchesAny([pattern], text)).toBe(matches);
});
