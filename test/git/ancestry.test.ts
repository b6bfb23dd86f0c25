import { expect, it } from "vitest";

import { openGit } from "../../src/git/open.ts";
import { ENV, git, importHistory, temporaryDirectory } from "./fixture.ts";

it.each([
  ["the commit itself", "tip", true],
  ["one before it", "base", true],
  ["one beside it", "other", false],
])("tells whether %s is an ancestor", async (_, id, isOne) => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet", "--initial-branch=main");
  const commit = importHistory(dir, {
    commits: [
      { id: "base", parents: [] },
      { id: "tip", parents: ["base"] },
      { id: "other", parents: ["base"] },
    ],
    branches: { main: "tip", other: "other" },
  });

  const opened = await openGit(dir, { env: ENV });

  expect(await opened.isAncestorOfHead(commit(id))).toBe(isOne);
});

it.each(["0".repeat(40), "HEAD", ""])("takes %j for none", async (commit) => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");
  git(dir, "commit", "--quiet", "--allow-empty", "--message", "one");

  expect(await (await openGit(dir, { env: ENV })).isAncestorOfHead(commit)).toBe(false);
});
