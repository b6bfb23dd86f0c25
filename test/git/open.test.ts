import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openGit } from "../../src/git/open.ts";
import { ENV, git, projectWith, remoteWith, temporaryDirectory } from "./fixture.ts";

const PLAN = { commits: [{ id: "c1" }], branches: { main: "c1" } };

describe("openGit", () => {
  it("finds the repository from a work tree, its folders, a bare clone, a linked work tree and a submodule", async () => {
    const { remote, clone, commit } = projectWith(PLAN);
    const [folder, linked] = [join(clone, "folder"), join(temporaryDirectory(), "linked")];
    mkdirSync(folder);
    git(clone, "worktree", "add", "--quiet", "--detach", linked);
    const outer = temporaryDirectory();
    git(outer, "init", "--quiet");
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", remote, "sub");

    for (const dir of [clone, folder, linked, remote, join(outer, "sub")]) {
      const opened = await openGit(dir, { env: ENV });
      const { source } = await opened.synchronize({ fetch: true });
      const { references } = await opened.readHistory({ source });

      expect(references).toMatchObject([{ kind: "branch", name: "main", commit: commit("c1") }]);
    }
  });

  it("is not led elsewhere by the environment of a Git hook", async () => {
    const { clone, commit } = projectWith(PLAN);
    const other = projectWith({ commits: [{ id: "x1" }], branches: { other: "x1" } });

    const opened = await openGit(clone, { env: { ...ENV, GIT_DIR: join(other.clone, ".git") } });
    const { references } = await opened.readHistory({ source: "local" });

    expect(references).toMatchObject([{ name: "main", commit: commit("c1") }]);
  });

  it.each([
    ["an absent directory", (dir: string) => join(dir, "absent"), /absent is not a directory/],
    ["a file", (dir: string) => fileIn(dir), /file is not a directory/],
    ["a directory outside of any repository", (dir: string) => dir, /is not in a Git repository/],
  ])("refuses %s", async (_, place, message) => {
    const dir = place(temporaryDirectory());

    const opening = openGit(dir, { env: { ...ENV, GIT_CEILING_DIRECTORIES: "/tmp" } });

    await expect(opening).rejects.toMatchObject({
      code: "not-a-repository",
      message: expect.stringMatching(message),
    });
  });

  it("says so when Git is missing", async () => {
    const opening = openGit(temporaryDirectory(), { env: { ...ENV, PATH: "/nonexistent" } });

    await expect(opening).rejects.toMatchObject({
      code: "failed",
      message: expect.stringMatching(/git is not installed/),
    });
  });

  it("says so when the repository belongs to another user", async () => {
    const { clone } = projectWith(PLAN);
    const env = { ...ENV, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };

    await expect(openGit(clone, { env })).rejects.toMatchObject({
      code: "failed",
      message: expect.stringMatching(/belongs to another user.*safe\.directory/),
    });
  });

  it("says in Git's words what is wrong with a damaged repository", async () => {
    const { clone } = projectWith(PLAN);
    writeFileSync(join(clone, ".git", "config"), "[broken\n");

    await expect(openGit(clone, { env: ENV })).rejects.toMatchObject({
      code: "failed",
      message: expect.stringMatching(/^git rev-parse failed in .*: bad config line 1/),
    });
  });

  it("knows the object format", async () => {
    const { remote } = remoteWith(PLAN, "--object-format=sha256");

    const opened = await openGit(remote, { env: ENV });

    expect(opened.objectFormat).toBe("sha256");
  });

  it("rejects with the abort reason", async () => {
    const { clone } = projectWith(PLAN);
    const reason = new Error("enough");
    const controller = new AbortController();
    const opened = await openGit(clone, { env: ENV, signal: controller.signal });

    const fetching = opened.synchronize({ fetch: true });
    controller.abort(reason);

    await expect(fetching).rejects.toBe(reason);
    await expect(opened.readHistory({ source: "local" })).rejects.toBe(reason);
  });

  it("says so when the directory is gone meanwhile", async () => {
    const { clone } = projectWith(PLAN);
    const opened = await openGit(clone, { env: ENV });
    rmSync(clone, { recursive: true });

    await expect(opened.readHistory({ source: "local" })).rejects.toMatchObject({
      name: "GitError",
      code: "not-a-repository",
    });
  });
});

function fileIn(dir: string): string {
  const file = join(dir, "file");
  writeFileSync(file, "");
  return file;
}
