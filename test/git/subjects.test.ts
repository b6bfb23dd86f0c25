import { expect, it } from "vitest";

import { openGit } from "../../src/git/open.ts";
import { ENV, git, temporaryDirectory } from "./fixture.ts";

it("reads the first line of each commit's message, whatever it says", async () => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");
  const messages = [
    "Add a thing\n\nand why",
    "commit 0123456789012345678901234567890123456789",
    "fünf <b>",
    "x".repeat(200),
  ];
  const commits = messages.map((message) => {
    git(dir, "commit", "--quiet", "--allow-empty", "--message", message);
    return git(dir, "rev-parse", "HEAD").trim();
  });
  git(dir, "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--message", "");
  const silent = git(dir, "rev-parse", "HEAD").trim();

  const subjects = await (
    await openGit(dir, { env: ENV })
  ).readSubjects([...commits, silent, commits[0] ?? ""]);

  expect([...commits, silent].map((commit) => subjects.get(commit))).toEqual([
    "Add a thing",
    "commit 0123456789012345678901234567890123456789",
    "fünf <b>",
    `${"x".repeat(119)}…`,
    "",
  ]);
});

it("reads nothing when nothing is asked", async () => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");

  expect(await (await openGit(dir, { env: ENV })).readSubjects([])).toEqual(new Map());
});

it("rejects for a commit that is not there", async () => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");

  const reading = (await openGit(dir, { env: ENV })).readSubjects(["0".repeat(40)]);

  await expect(reading).rejects.toMatchObject({ name: "GitError", code: "failed" });
});
