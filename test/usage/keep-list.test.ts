import { expect, it } from "vitest";
import { KeepListError, parseKeepList } from "../../src/usage/keep-list.ts";

it("takes a tag a line, and leaves out blank lines and comments", () => {
  expect(parseKeepList("v1\n\n  # why\n v2 \r\n#v3\nv1\n", "keep")).toEqual(new Set(["v1", "v2"]));
});

it("is empty for an empty file", () => {
  expect(parseKeepList("", "keep")).toEqual(new Set());
});

it.each([
  ["two words", "keep:2"],
  ["reg.test/shop:v1", "keep:2"],
  [`sha256:${"a".repeat(64)}`, "keep:2"],
  ["-v1", "keep:2"],
  ["v1 # not a comment", "keep:2"],
  ["x".repeat(129), "keep:2"],
])("names the line that is no tag: %s", (line, place) => {
  expect(() => parseKeepList(`v1\n${line}\n`, "keep")).toThrow(
    new KeepListError(`${place}: "${line}" is not a tag`),
  );
});
