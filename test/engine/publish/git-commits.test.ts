import { expect, it } from "vitest";

import { gitCommitsOf } from "../../../src/engine/publish/git-commits.ts";

it.each([
  ["none without Git", { werf: "shop", "werf-project-repo-commit": "c1" }, []],
  [
    "one for each part of a tree",
    { "werf-git-aa-commit": "c1", "werf-git-bb-commit": "c2" },
    ["c1", "c2"],
  ],
  [
    "the merged one of a merge that was made to test it",
    {
      "werf-git-aa-commit": "merge",
      "werf-git-aa-virtual-merge": "true",
      "werf-git-aa-virtual-merge-from-commit": "from",
      "werf-git-aa-virtual-merge-into-commit": "into",
    },
    ["from"],
  ],
])("a stage was made of %s", (_, labels, expected) => {
  expect(gitCommitsOf(labels)).toEqual(expected);
});
