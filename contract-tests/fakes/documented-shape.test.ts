import { expect, it } from "vitest";
import { misfitsOf } from "./documented-shape.ts";

const documented = {
  tags: [{ name: "a", size: 1, seen: null }],
  manifest: { "sha256:0a": { tag: ["a"] } },
};

it("an answer with other values, and with more fields, has the documented shape", () => {
  const answered = {
    tags: [{ name: "b", size: 2, seen: "never", extra: true }],
    manifest: { "sha256:0b": { tag: ["b", "c"] } },
    more: 1,
  };

  expect(misfitsOf(documented, answered)).toEqual([]);
});

it.each([
  ["a missing field", { ...documented, manifest: undefined }, "$.manifest is missing"],
  [
    "another type in one item of a list",
    { ...documented, tags: [...documented.tags, { name: 7, size: 1 }] },
    "$.tags[].name is number instead of string",
  ],
  [
    "null where the documentation shows a value",
    { ...documented, tags: [{ name: "a", size: null }] },
    "$.tags[].size is null instead of number",
  ],
  [
    "another type below a digest",
    { ...documented, manifest: { "sha256:0b": { tag: "b" } } },
    "$.manifest{}.tag is string instead of list",
  ],
  ["an empty list", { ...documented, tags: [] }, "$.tags[].name is missing"],
  ["a list instead of an object", [documented], "$ is list instead of object"],
])("%s is a misfit", (_, answered, line) => {
  expect(misfitsOf(documented, answered)).toContain(line);
});
