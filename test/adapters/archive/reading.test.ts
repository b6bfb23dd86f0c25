import { expect, it } from "vitest";

import { isSameFile } from "../../../adapters/archive/reading.ts";

/** As a double, it is the same as the number before it. */
const LARGE = 2n ** 53n + 1n;

it.each([
  ["the same number", { dev: 1n, ino: LARGE }, true],
  ["the number before it", { dev: 1n, ino: LARGE - 1n }, false],
  ["the same number in another file system", { dev: 2n, ino: LARGE }, false],
])("a file of %s is told as what it is", (_, other, isSame) => {
  expect(isSameFile({ dev: 1n, ino: LARGE }, other)).toBe(isSame);
});

it("what is not there is no file", () => {
  expect(isSameFile({ dev: 1n, ino: 7n }, undefined)).toBe(false);
});
