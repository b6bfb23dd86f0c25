import { expect, it } from "vitest";

import { mergedParent } from "../../src/ci/merge-commit.ts";

const [COMMIT, BASE, BRANCH] = ["c", "b", "f"].map((digit) => digit.repeat(40));
const MERGE = { commit: COMMIT ?? "", parents: [BASE ?? "", BRANCH ?? ""] };

const PULL_REQUEST = {
  GITHUB_ACTIONS: "true",
  GITHUB_REF: "refs/pull/7/merge",
  GITHUB_SHA: COMMIT,
};
const MERGE_RESULT = {
  GITLAB_CI: "true",
  CI_MERGE_REQUEST_EVENT_TYPE: "merged_result",
  CI_COMMIT_SHA: COMMIT,
};

it.each<[string, Record<string, string | undefined>]>([
  ["the merge of a pull request", PULL_REQUEST],
  ["a merged result", MERGE_RESULT],
  ["a train", { ...MERGE_RESULT, CI_MERGE_REQUEST_EVENT_TYPE: "merge_train" }],
  ["a train that names no branch", { ...MERGE_RESULT, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: "" }],
])("tells the branch behind %s", (_, env) => {
  expect(mergedParent(MERGE, env)).toBe(BRANCH);
});

it("believes the CI system which of the parents is the branch", () => {
  const env = { ...MERGE_RESULT, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: BASE };

  expect(mergedParent(MERGE, env)).toBe(BASE);
});

it.each<[string, Record<string, string | undefined>]>([
  ["a person", {}],
  ["a push", { ...PULL_REQUEST, GITHUB_REF: "refs/heads/main" }],
  ["a job that checked out something else", { ...PULL_REQUEST, GITHUB_SHA: BASE }],
  ["a pipeline of the branch", { ...MERGE_RESULT, CI_MERGE_REQUEST_EVENT_TYPE: "detached" }],
  ["a pipeline that checked out something else", { ...MERGE_RESULT, CI_COMMIT_SHA: BASE }],
])("takes a merge for one that stays: %s", (_, env) => {
  expect(mergedParent(MERGE, env)).toBeUndefined();
});

it("takes a commit with one parent for no merge", () => {
  expect(mergedParent({ ...MERGE, parents: [BASE ?? ""] }, PULL_REQUEST)).toBeUndefined();
});
