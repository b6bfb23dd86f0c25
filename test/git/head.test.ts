import { join } from "node:path";

import { expect, it } from "vitest";

import { openGit } from "../../src/git/open.ts";
import { ENV, git, importHistory, temporaryDirectory } from "./fixture.ts";

const MERGED = {
  commits: [
    { id: "base", parents: [] },
    { id: "change", parents: ["base"] },
    { id: "other", parents: ["base"] },
    { id: "merge", parents: ["other", "change"] },
  ],
  branches: { main: "merge" },
};

it.each(["sha1", "sha256"])("reads the commit that is checked out (%s)", async (format) => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet", "--initial-branch=main", `--object-format=${format}`);
  const commit = importHistory(dir, MERGED);

  const head = await (await openGit(dir, { env: ENV })).readHead();

  expect(head).toEqual({ commit: commit("merge"), parents: [commit("other"), commit("change")] });
});

it("reads the parents that a shallow clone does not have", async () => {
  const remote = temporaryDirectory();
  git(remote, "init", "--quiet", "--initial-branch=main");
  const commit = importHistory(remote, MERGED);
  const dir = join(temporaryDirectory(), "clone");
  git(remote, "clone", "--quiet", "--depth=1", `file://${remote}`, dir);

  const head = await (await openGit(dir, { env: ENV })).readHead();

  expect(head.parents).toEqual([commit("other"), commit("change")]);
});

it("rejects where nothing was committed", async () => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet");

  const reading = (await openGit(dir, { env: ENV })).readHead();

  await expect(reading).rejects.toMatchObject({ name: "GitError", code: "failed" });
});

it("finds a commit of a SHA-256 history by its first 40 digits, and by no fewer", async () => {
  const dir = temporaryDirectory();
  git(dir, "init", "--quiet", "--initial-branch=main", "--object-format=sha256");
  const commit = importHistory(dir, MERGED);
  const id = commit("change");

  const { graph } = await (await openGit(dir, { env: ENV })).readHistory({ source: "local" });

  expect(graph.hexOf(graph.indexOf(id.slice(0, 40)))).toBe(id);
  expect(graph.indexOf(id.slice(0, 32))).toBe(-1);
  expect(graph.indexOf(`${id.slice(0, 39)}${id[39] === "0" ? "1" : "0"}`)).toBe(-1);
});
