import { describe, expect, it } from "vitest";
import { parseVersionRange } from "../../../../src/config/version-range.ts";
import {
  compareVersions,
  isInRange,
  parseVersion,
} from "../../../../src/engine/cleanup/rules/version.ts";

const IN_ORDER = [
  "0.0.0-0",
  "0.0.1",
  "0.9.0",
  "1.0.0-0",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.0.1",
  "1.1.0",
  "1.10.0",
  "2.0.0-rc.1",
  "2.0.0",
  "10.0.0",
];

describe("versions", () => {
  it("have the order of semver.org", () => {
    const versions = IN_ORDER.map(parseVersion).flatMap((version) => version ?? []);

    expect(versions).toHaveLength(IN_ORDER.length);
    for (const [place, version] of versions.entries()) {
      for (const [other, another] of versions.entries()) {
        expect(Math.sign(compareVersions(version, another))).toBe(Math.sign(place - other));
      }
    }
  });

  it("are the same with a v before them and with build metadata after them", () => {
    const [a, b, c] = ["v1.2.3", "1.2.3+build.5", "1.2.3_build.5"].map(parseVersion);

    expect(a).toEqual({ major: 1, minor: 2, patch: 3, pre: [] });
    expect([b, c]).toEqual([a, a]);
  });

  it.each([
    "1",
    "1.2",
    "1.2.3.4",
    "01.2.3",
    "latest",
    "1.2.3-",
    "1.2.3-a..b",
    "x1.2.3",
    "99999999999999999999.0.0",
  ])("are not %s", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

describe("a range", () => {
  it.each([
    ["*", "0.0.0-0", "10.0.0"],
    ["x", "0.0.0-0", "10.0.0"],
    [">=*", "0.0.0-0", "10.0.0"],
    ["1.x", "1.0.0", "1.10.0"],
    ["1", "1.0.0", "1.10.0"],
    ["1.1", "1.1.0", "1.1.0"],
    ["=1.0.1", "1.0.1", "1.0.1"],
    ["v1.0.1", "1.0.1", "1.0.1"],
    ["1.0.0-rc.1", "1.0.0-rc.1", "1.0.0-rc.1"],
    [">=1.0.0-beta <1.0.0", "1.0.0-beta", "1.0.0-rc.1"],
    [">= 1.0.0-beta <= 1.0.0", "1.0.0-beta", "1.0.0"],
    [">1.1.0", "1.10.0", "10.0.0"],
    [">1.1", "1.10.0", "10.0.0"],
    [">1", "2.0.0-rc.1", "10.0.0"],
    ["<=1.1", "0.0.0-0", "1.1.0"],
    ["<=1", "0.0.0-0", "1.10.0"],
    ["<2", "0.0.0-0", "1.10.0"],
    ["<2.0.0", "0.0.0-0", "2.0.0-rc.1"],
    ["<2.0.0-rc.2", "0.0.0-0", "2.0.0-rc.1"],
    ["^1.0.1", "1.0.1", "1.10.0"],
    ["^1", "1.0.0", "1.10.0"],
    ["^0.9.0", "0.9.0", "0.9.0"],
    ["^0.0.1", "0.0.1", "0.0.1"],
    ["^0.0", "0.0.1", "0.0.1"],
    ["^0", "0.0.1", "0.9.0"],
    ["~1.0.0", "1.0.0", "1.0.1"],
    ["~1", "1.0.0", "1.10.0"],
    ["~1.10", "1.10.0", "1.10.0"],
  ])("%s goes from %s to %s", (text, first, last) => {
    const range = rangeOf(text);

    const inside = IN_ORDER.filter((version) => isIn(version, range));

    expect(inside).toEqual(IN_ORDER.slice(IN_ORDER.indexOf(first), IN_ORDER.indexOf(last) + 1));
  });

  it("may be one of several", () => {
    const range = rangeOf("<0.5 || ^1.10 || 10.x");

    expect(IN_ORDER.filter((version) => isIn(version, range))).toEqual([
      "0.0.0-0",
      "0.0.1",
      "1.10.0",
      "10.0.0",
    ]);
  });

  it.each(["", "1.2.3.4", "<*", ">x", "latest", "1.2-rc", ">=1 &&", "1 ||", "^", "01.2"])(
    "is not %j",
    (text) => {
      expect(parseVersionRange(text)).toEqual({
        problem: `"${text}" is no range of versions (write one as ">=1.2 <3" or "^1.4")`,
      });
    },
  );
});

function rangeOf(
  text: string,
): Exclude<ReturnType<typeof parseVersionRange>, { readonly problem: string }> {
  const range = parseVersionRange(text);
  if ("problem" in range) throw new Error(range.problem);
  return range;
}

function isIn(text: string, range: ReturnType<typeof rangeOf>): boolean {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`${text} is no version`);
  return isInRange(version, range);
}
