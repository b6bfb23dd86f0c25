import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openGit } from "../../src/git/open.ts";
import type { Synchronization, SynchronizeRequest } from "../../src/git/synchronize.ts";
import { cloneOf, ENV, git, importHistory, projectWith, remoteWith } from "./fixture.ts";

const PLAN = {
  commits: [{ id: "c1" }, { id: "c2" }, { id: "c3" }, { id: "d1", parents: ["c1"] }],
  branches: { main: "c3", dev: "d1" },
  tags: { v1: "c1" },
  annotated: { v2: "c2" },
};

describe("synchronize with fetch", () => {
  it("brings what the remote has and leaves everything else as it was", async () => {
    const { remote, clone, commit } = projectWith(PLAN);
    git(clone, "branch", "mine", commit("c1"));
    git(clone, "tag", "local-only", commit("c1"));
    git(clone, "config", "fetch.pruneTags", "true");
    git(clone, "config", "fetch.prune", "true");
    git(clone, "config", "remote.origin.tagOpt", "--tags");
    writeFileSync(join(clone, "file"), "changed in the work tree");
    git(clone, "fetch", "--quiet");
    git(clone, "tag", "local-only", commit("c1"));
    hookThatRefuses(clone, "reference-transaction");
    git(remote, "branch", "new", commit("c2"));
    git(remote, "tag", "v3", commit("c2"));
    git(remote, "update-ref", "refs/heads/main", commit("d1"));
    git(remote, "update-ref", "-d", "refs/heads/dev");
    git(remote, "update-ref", "refs/pull/1/head", commit("c1"));
    const before = stateOf(clone);

    const result = await synchronizeIn(clone, { fetch: true });

    expect(result).toEqual({ source: "remote", warnings: [] });
    expect(stateOf(clone)).toEqual(before);
    expect(fetchedIn(clone)).toEqual([
      `${commit("d1")} refs/tidemark/heads/main`,
      `${commit("c2")} refs/tidemark/heads/new`,
      `${commit("c1")} refs/tidemark/tags/v1`,
      `${git(remote, "rev-parse", "refs/tags/v2")} refs/tidemark/tags/v2`,
      `${commit("c2")} refs/tidemark/tags/v3`,
    ]);
  });

  it("follows forced branches, moved tags, deletions and a name that becomes a folder", async () => {
    const { remote, clone, commit } = projectWith(PLAN);
    await synchronizeIn(clone, { fetch: true });
    git(remote, "update-ref", "refs/heads/main", commit("d1"));
    git(remote, "update-ref", "refs/tags/v1", commit("c3"));
    git(remote, "update-ref", "-d", "refs/tags/v2");
    git(remote, "update-ref", "-d", "refs/heads/dev");
    git(remote, "update-ref", "refs/heads/dev/next", commit("c2"));

    await synchronizeIn(clone, { fetch: true });

    expect(fetchedIn(clone)).toEqual([
      `${commit("c2")} refs/tidemark/heads/dev/next`,
      `${commit("d1")} refs/tidemark/heads/main`,
      `${commit("c3")} refs/tidemark/tags/v1`,
    ]);
    expect(git(clone, "rev-parse", "refs/tags/v1")).toBe(commit("c1"));
  });

  it("fetches all branches into a clone of one", async () => {
    const { clone, commit } = projectWith(PLAN, "--single-branch");
    const before = stateOf(clone);

    await synchronizeIn(clone, { fetch: true });

    expect(fetchedIn(clone)).toContain(`${commit("d1")} refs/tidemark/heads/dev`);
    expect(stateOf(clone)).toEqual(before);
  });

  it("deepens a shallow clone in which the user's references stay", async () => {
    const { clone } = projectWith(PLAN, "--depth=1", "--no-single-branch");
    const before = stateOf(clone);

    await synchronizeIn(clone, { fetch: true });

    expect(git(clone, "rev-parse", "--is-shallow-repository")).toBe("false");
    expect(git(clone, "rev-list", "--count", "refs/tidemark/heads/main")).toBe("3");
    expect(stateOf(clone)).toEqual(before);
  });

  it.each([
    ["tree:0", false],
    ["blob:none", true],
  ])(
    "fetches no more of a partial clone (%s) than that filter lets through",
    async (filter, hasTrees) => {
      const { remote, clone, commit } = projectWith(PLAN, `--filter=${filter}`, "--no-checkout");
      const older = objectsIn(clone);
      importHistory(remote, { commits: [{ id: "e1", parents: [] }], branches: { extra: "e1" } });

      await synchronizeIn(clone, { fetch: true });
      const opened = await openGit(clone, { env: ENV });
      const { graph } = await opened.readHistory({ source: "remote" });

      const added = objectsIn(clone).filter((object) => !older.includes(object));
      const types = new Set(added.map((object) => object.split(" ")[1]));
      expect(types).toEqual(new Set(hasTrees ? ["commit", "tree"] : ["commit"]));
      expect(added).toHaveLength(types.size);
      expect(graph.size).toBe(5);
      expect(graph.indexOf(commit("c1"))).toBeGreaterThan(0);
    },
  );

  it("asks for everything in a complete clone", async () => {
    const { remote, clone } = projectWith(PLAN);
    importHistory(remote, { commits: [{ id: "e1" }], branches: { extra: "e1" } });

    await synchronizeIn(clone, { fetch: true });

    expect(git(clone, "fsck", "--connectivity-only", "--no-dangling")).toBe("");
    expect(git(clone, "cat-file", "-p", "refs/tidemark/heads/extra:file")).toBe("e1");
  });

  it("lets runs in one clone take turns", async () => {
    const branches = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`b${at}`, "c2"]));
    const { remote, clone, commit } = projectWith(
      { ...PLAN, branches },
      "--depth=1",
      "--no-single-branch",
    );
    git(clone, "remote", "set-url", "origin", remote);

    const results = await Promise.all(
      Array.from({ length: 4 }, () => synchronizeIn(clone, { fetch: true })),
    );

    expect(results.map(({ source }) => source)).toEqual(["remote", "remote", "remote", "remote"]);
    expect(fetchedIn(clone)).toHaveLength(62);
    expect(fetchedIn(clone)).toContain(`${commit("c2")} refs/tidemark/heads/b59`);
    expect(git(clone, "rev-parse", "--is-shallow-repository")).toBe("false");
  });

  it("gives up at a lock that stays, and names it", async () => {
    const { clone } = projectWith(PLAN);
    await synchronizeIn(clone, { fetch: true });
    git(clone, "update-ref", "-d", "refs/tidemark/heads/dev");
    writeFileSync(join(clone, ".git/refs/tidemark/heads/dev.lock"), "");

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({
      code: "fetch-failed",
      message: expect.stringMatching(/refs\/tidemark\/heads\/dev\.lock/),
    });
  });

  it("fails when the remote is gone", async () => {
    const { remote, clone } = projectWith(PLAN);
    renameSync(remote, `${remote}.gone`);

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({
      code: "fetch-failed",
      message: expect.stringMatching(
        /^cannot fetch from "origin" of .*does not appear to be a git/,
      ),
    });
  });

  it("tells no credentials when the remote refuses", async () => {
    const { clone } = projectWith(PLAN);
    git(clone, "remote", "set-url", "origin", "http://user:s3cret@127.0.0.1:1/x.git?token=s3cret");

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({
      code: "fetch-failed",
      message: expect.not.stringContaining("s3cret"),
    });
  });

  it("fails rather than leaving out what a shallow remote cannot give", async () => {
    const { remote, clone } = projectWith(PLAN);
    importHistory(remote, {
      commits: [{ id: "e1", parents: [] }, { id: "e2" }],
      branches: { extra: "e2" },
    });
    const shallowRemote = cloneOf(remote, "--bare", "--depth=1", "--no-single-branch");
    git(clone, "remote", "set-url", "origin", `file://${shallowRemote}`);

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({
      code: "fetch-failed",
      message: expect.stringMatching(/could not be stored \(refs\/heads\/extra\)/),
    });
  });

  it("empties what it holds when the remote is empty", async () => {
    const { remote, clone } = projectWith(PLAN);
    await synchronizeIn(clone, { fetch: true });
    git(remote, "for-each-ref", "--format=%(refname)")
      .split("\n")
      .forEach((name) => git(remote, "update-ref", "-d", name));

    const result = await synchronizeIn(clone, { fetch: true });

    expect(result.source).toBe("remote");
    expect(fetchedIn(clone)).toEqual([]);
  });

  it("stores every reference of a clone with SHA-256", async () => {
    const { remote, commit } = remoteWith(PLAN, "--object-format=sha256");
    const clone = cloneOf(remote);

    await synchronizeIn(clone, { fetch: true });

    expect(fetchedIn(clone)[0]).toBe(`${commit("d1")} refs/tidemark/heads/dev`);
  });

  it("keeps a stored name with quotes and letters of any kind", async () => {
    const { remote, clone, commit } = projectWith(PLAN);
    const name = `refs/heads/größe/"it's"`;
    git(remote, "update-ref", name, commit("c1"));

    await synchronizeIn(clone, { fetch: true });
    const { references } = await (
      await openGit(clone, { env: ENV })
    ).readHistory({ source: "remote" });

    expect(references.map((reference) => reference.name)).toContain(`größe/"it's"`);
  });
});

describe("synchronize without fetch", () => {
  it("reads what the clone tracks, also when the remote is gone", async () => {
    const { remote, clone } = projectWith(PLAN);
    renameSync(remote, `${remote}.gone`);

    const result = await synchronizeIn(clone, { fetch: false });

    expect(result).toEqual({ source: "remote-tracking", warnings: [] });
    expect(fetchedIn(clone)).toEqual([]);
  });

  it("warns when the clone tracks one branch only", async () => {
    const { clone } = projectWith(PLAN, "--single-branch");

    const result = await synchronizeIn(clone, { fetch: false });

    expect(result).toEqual({
      source: "remote-tracking",
      warnings: [
        expect.stringMatching(/tracks only \+refs\/heads\/main:refs\/remotes\/origin\/main/),
      ],
    });
  });

  it.each(["--bare", "--mirror"])("reads the branches of a clone made with %s", async (option) => {
    const { clone } = projectWith(PLAN, option);

    const result = await synchronizeIn(clone, { fetch: false });

    expect(result).toEqual({ source: "local", warnings: [] });
  });

  it("refuses a shallow clone", async () => {
    const { clone } = projectWith(PLAN, "--depth=1");

    await expect(synchronizeIn(clone, { fetch: false })).rejects.toMatchObject({
      code: "shallow",
      message: expect.stringMatching(/is a shallow clone.*--unshallow$/),
    });
  });
});

describe("synchronize in a clone without the remote", () => {
  it.each([true, false])("reads the local references (fetch: %s)", async (fetch) => {
    const { clone } = projectWith(PLAN);
    git(clone, "remote", "remove", "origin");

    expect(await synchronizeIn(clone, { fetch })).toEqual({ source: "local", warnings: [] });
  });

  it("takes no remote for one that global settings only mention", async () => {
    const { clone } = projectWith(PLAN);
    git(clone, "remote", "remove", "origin");
    git(clone, "config", "remote.origin.prune", "true");

    expect(await synchronizeIn(clone, { fetch: true })).toMatchObject({ source: "local" });
  });

  it("refuses a shallow clone, since there is nothing to fetch the rest from", async () => {
    const { clone } = projectWith(PLAN, "--depth=1");
    git(clone, "remote", "remove", "origin");

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({ code: "shallow" });
  });

  it("refuses to choose among other remotes, and takes one by name", async () => {
    const { clone, commit } = projectWith(PLAN);
    git(clone, "remote", "rename", "origin", "up.stream");

    await expect(synchronizeIn(clone, { fetch: true })).rejects.toMatchObject({
      code: "no-remote",
      message: expect.stringMatching(/has no remote "origin", but up\.stream/),
    });
    await synchronizeIn(clone, { fetch: true, remote: "up.stream" });
    expect(fetchedIn(clone)).toContain(`${commit("c3")} refs/tidemark/heads/main`);
  });
});

async function synchronizeIn(dir: string, request: SynchronizeRequest): Promise<Synchronization> {
  const opened = await openGit(dir, { env: ENV });
  return opened.synchronize(request);
}

/** Everything a user would miss: references, HEAD, FETCH_HEAD, index, configuration, work tree. */
function stateOf(clone: string): object {
  const contentOf = (path: string): string | undefined =>
    existsSync(join(clone, path)) ? readFileSync(join(clone, path), "base64") : undefined;
  return {
    references: git(clone, "for-each-ref", "--format=%(objectname) %(symref) %(refname)")
      .split("\n")
      .filter((line) => !line.includes("refs/tidemark/")),
    files: [
      ".git/HEAD",
      ".git/FETCH_HEAD",
      ".git/ORIG_HEAD",
      ".git/index",
      ".git/config",
      "file",
    ].map((path) => [path, contentOf(path)]),
    reflog: git(clone, "reflog", "--all"),
  };
}

function fetchedIn(clone: string): readonly string[] {
  const format = "--format=%(objectname) %(refname)";
  return git(clone, "for-each-ref", format, "refs/tidemark").split("\n").filter(Boolean);
}

function objectsIn(clone: string): readonly string[] {
  return git(clone, "cat-file", "--batch-all-objects", "--batch-check").split("\n");
}

function hookThatRefuses(clone: string, name: string): void {
  writeFileSync(join(clone, ".git/hooks", name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}
