import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CommitGraph } from "../../src/git/commit-graph.ts";
import type { History } from "../../src/git/history.ts";
import { openGit } from "../../src/git/open.ts";
import type { ReferenceSource } from "../../src/git/synchronize.ts";
import {
  cloneOf,
  ENV,
  git,
  gitWithInput,
  projectWith,
  remoteWith,
  type CommitPlan,
} from "./fixture.ts";

const PLAN = {
  commits: [{ id: "c1" }, { id: "c2" }, { id: "d1", parents: ["c1"] }],
  branches: { main: "c2", "feature/dev": "d1" },
  tags: { v1: "c1" },
  annotated: { v2: "c1" },
};

describe("readHistory", () => {
  it.each(["sha1", "sha256"])("reads branches and tags with their times (%s)", async (format) => {
    const { remote, commit } = remoteWith(PLAN, `--object-format=${format}`);

    const { references, graph, warnings } = await readIn(remote);

    expect(references).toEqual([
      { kind: "branch", name: "feature/dev", commit: commit("d1"), time: 1_700_000_120 },
      { kind: "branch", name: "main", commit: commit("c2"), time: 1_700_000_060 },
      { kind: "tag", name: "v1", commit: commit("c1"), time: 1_700_000_000 },
      { kind: "tag", name: "v2", commit: commit("c1"), time: 1_800_000_000 },
    ]);
    expect(graph.size).toBe(3);
    expect(graph.hexOf(2)).toBe(commit("c1"));
    expect(graph.times[graph.indexOf(commit("d1"))]).toBe(1_700_000_120);
    expect(warnings).toEqual([]);
  });

  it("reads tracked branches without the remote's HEAD, and no branch of the user", async () => {
    const { clone } = projectWith(PLAN);
    git(clone, "branch", "mine");
    git(clone, "update-ref", "refs/remotes/other/theirs", "HEAD");

    const { references } = await readIn(clone, "remote-tracking");

    expect(git(clone, "symbolic-ref", "refs/remotes/origin/HEAD")).toBe("refs/remotes/origin/main");
    expect(namesOf(references)).toEqual(["feature/dev", "main", "v1", "v2"]);
  });

  it("keeps a branch that is called HEAD and is no second name", async () => {
    const { clone, commit } = projectWith(PLAN);
    git(clone, "symbolic-ref", "-d", "refs/remotes/origin/HEAD");
    git(clone, "update-ref", "refs/remotes/origin/HEAD", commit("c1"));

    const { references } = await readIn(clone, "remote-tracking");

    expect(namesOf(references)).toContain("HEAD");
  });

  it("follows tags of tags, dated by the outermost", async () => {
    const { remote, commit } = remoteWith(PLAN);
    tagObject(remote, "v3", {
      of: git(remote, "rev-parse", "v2"),
      type: "tag",
      seconds: 1_900_000_000,
    });
    tagObject(remote, "v4", {
      of: git(remote, "rev-parse", "v3"),
      type: "tag",
      seconds: 1_600_000_000,
    });

    const { references } = await readIn(remote);

    expect(references.filter(({ name }) => name === "v3" || name === "v4")).toEqual([
      { kind: "tag", name: "v3", commit: commit("c1"), time: 1_900_000_000 },
      { kind: "tag", name: "v4", commit: commit("c1"), time: 1_600_000_000 },
    ]);
  });

  it("dates a tag object without a tagger by its commit", async () => {
    const { remote, commit } = remoteWith(PLAN);
    tagObject(remote, "old", { of: commit("c2"), type: "commit" });

    const { references } = await readIn(remote);

    expect(references).toContainEqual({
      kind: "tag",
      name: "old",
      commit: commit("c2"),
      time: 1_700_000_060,
    });
  });

  it("leaves out tags of trees and blobs with a warning each", async () => {
    const { remote } = remoteWith(PLAN);
    const [tree, blob] = [
      git(remote, "rev-parse", "main^{tree}"),
      git(remote, "rev-parse", "main:file"),
    ];
    git(remote, "update-ref", "refs/tags/a-tree", tree);
    git(remote, "update-ref", "refs/tags/b-blob", blob);
    tagObject(remote, "c-tree", { of: tree, type: "tree", seconds: 1 });
    tagObject(remote, "d-nested", {
      of: git(remote, "rev-parse", "c-tree"),
      type: "tag",
      seconds: 1,
    });

    const { references, warnings } = await readIn(remote);

    expect(namesOf(references)).toEqual(["feature/dev", "main", "v1", "v2"]);
    expect(warnings).toEqual([
      "refs/tags/a-tree points at a tree, not at a commit: ignored",
      "refs/tags/b-blob points at a blob, not at a commit: ignored",
      "refs/tags/c-tree points at a tree, not at a commit: ignored",
      "refs/tags/d-nested points at a tree, not at a commit: ignored",
    ]);
  });

  it("reads a partial clone without its trees, even where a tag names one", async () => {
    const { remote } = remoteWith(PLAN);
    tagObject(remote, "tree", {
      of: git(remote, "rev-parse", "main^{tree}"),
      type: "tree",
      seconds: 1,
    });
    tagObject(remote, "nested", { of: git(remote, "rev-parse", "tree"), type: "tag", seconds: 1 });
    const clone = cloneOf(remote, "--filter=tree:0", "--no-checkout");
    const objects = git(clone, "count-objects", "-v");
    rmSync(remote, { recursive: true });

    const { graph, warnings } = await readIn(clone, "remote-tracking");

    expect(graph.size).toBe(3);
    expect(warnings).toHaveLength(2);
    expect(git(clone, "count-objects", "-v")).toBe(objects);
  });

  it("asks no remote for an object that a partial clone lacks", async () => {
    const { remote, clone } = projectWith(PLAN, "--filter=tree:0", "--no-checkout");
    const tree = git(remote, "rev-parse", "main^{tree}");
    writeFileSync(join(clone, ".git/refs/tags/tree"), `${tree}\n`);

    await expect(readIn(clone, "remote-tracking")).rejects.toMatchObject({ code: "failed" });
    expect(git(clone, "cat-file", "--batch-all-objects", "--batch-check")).not.toContain(tree);
  });

  it("reads an empty repository", async () => {
    const { remote } = remoteWith({ commits: [] });

    const { references, graph } = await readIn(remote);

    expect(references).toEqual([]);
    expect(graph.size).toBe(0);
    expect(graph.indexOf("a".repeat(40))).toBe(-1);
  });

  it("reads times before 1970 and after 2106 as they are", async () => {
    const { remote } = remoteWith(PLAN);
    const tree = git(remote, "rev-parse", "main^{tree}");
    const late = commitObject(remote, "late", tree, "9000000000");
    const early = commitObject(remote, "early", tree, "-86400");

    const { graph, references } = await readIn(remote);

    expect(graph.times[graph.indexOf(late)]).toBe(9_000_000_000);
    expect([0, -86_400]).toContain(graph.times[graph.indexOf(early)]);
    expect(references.find(({ name }) => name === "late")?.time).toBe(9_000_000_000);
  });

  it("sees history as it was committed, whatever replaces it", async () => {
    const { remote, commit } = remoteWith(PLAN);
    git(remote, "replace", commit("c2"), commit("c1"));

    const { graph } = await readIn(remote);

    expect(parentsOf(graph, commit("c2"))).toEqual([commit("c1")]);
  });

  it("sees history as it was committed, whatever is grafted", async () => {
    const { remote, commit } = remoteWith(PLAN);
    writeFileSync(join(remote, "info/grafts"), `${commit("c2")}\n`);

    const { graph } = await readIn(remote);

    expect(parentsOf(graph, commit("c2"))).toEqual([commit("c1")]);
  });

  it("refuses a history that is cut where references reach it", async () => {
    const { clone } = projectWith(PLAN, "--depth=1", "--no-single-branch");

    await expect(readIn(clone, "remote-tracking")).rejects.toMatchObject({ code: "shallow" });
  });

  it("fails when a commit is missing", async () => {
    const { remote, commit } = remoteWith(PLAN);
    removeObject(remote, commit("c1"));

    await expect(readIn(remote)).rejects.toMatchObject({ name: "GitError", code: "failed" });
  });

  it("fails when a commit is damaged", async () => {
    const { remote, commit } = remoteWith(PLAN);
    removeObject(remote, commit("c1"));
    writeFileSync(pathOf(remote, commit("c1")), "not an object");

    await expect(readIn(remote)).rejects.toMatchObject({ name: "GitError", code: "failed" });
  });

  it.each([
    ["empty", ""],
    ["nonsense", "nonsense\n"],
    ["of an object that is missing", `${"1".repeat(40)}\n`],
  ])("fails when a reference is %s, rather than leaving it out", async (_, content) => {
    const { remote } = remoteWith(PLAN);
    writeFileSync(join(remote, "refs/heads/damaged"), content);

    await expect(readIn(remote)).rejects.toMatchObject({
      code: "failed",
      message: expect.stringMatching(/refs\/heads\/damaged/),
    });
  });

  it("reads any shape of history exactly as git lists it", async () => {
    const random = createRandom(7);
    const commits = randomCommits(20_000, random);
    const inner = new Set(commits.flatMap((commit) => commit.parents ?? []));
    const tips = commits.filter(({ id }) => !inner.has(id) || random() < 0.01);
    const branches = Object.fromEntries(tips.map(({ id }) => [`branch/${id}`, id]));
    const { remote } = remoteWith({ commits, branches });

    const { graph } = await readIn(remote);

    const listed = git(remote, "rev-list", "--all", "--parents", "--timestamp").split("\n");
    const ours = Array.from({ length: graph.size }, (_, commit) => {
      const id = graph.hexOf(commit);
      return [graph.times[commit], id, ...parentsOf(graph, id)].join(" ");
    });
    expect(ours.toSorted()).toEqual(listed.toSorted());
    expect(graph.size).toBe(20_000);
    expect(isOrdered(graph)).toBe(true);
    expect(listed.map((line) => graph.indexOf(line.slice(11, 51))).includes(-1)).toBe(false);
  });
});

async function readIn(dir: string, source: ReferenceSource = "local"): Promise<History> {
  const opened = await openGit(dir, { env: ENV });
  return opened.readHistory({ source });
}

function namesOf(references: History["references"]): readonly string[] {
  return references.map((reference) => reference.name);
}

function parentsOf(graph: CommitGraph, hex: string): readonly string[] {
  const commit = graph.indexOf(hex);
  const [start, end] = [graph.parentOffsets[commit], graph.parentOffsets[commit + 1]];
  return Array.from(graph.parents.subarray(start, end), (parent) => graph.hexOf(parent));
}

function isOrdered(graph: CommitGraph): boolean {
  return Array.from({ length: graph.size }, (_, commit) => commit).every((commit) =>
    graph.parents
      .subarray(graph.parentOffsets[commit], graph.parentOffsets[commit + 1])
      .every((parent) => parent > commit),
  );
}

/** Commits with several roots, merges of two to nine, and clocks that go wrong. */
function randomCommits(count: number, random: () => number): readonly CommitPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const wanted = random() < 0.002 ? 0 : random() < 0.7 ? 1 : random() < 0.9 ? 2 : 9;
    const parents = Array.from(
      { length: wanted },
      () => `c${index - 1 - Math.floor(random() ** 3 * Math.min(index, 300))}`,
    );
    return {
      id: `c${index}`,
      parents: index === 0 ? [] : [...new Set(parents)],
      seconds: 1_700_000_000 + index * 60 - Math.floor(random() ** 8 * 10_000_000),
    };
  });
}

/** Numbers from 0 to 1, the same in every run: a linear congruential generator. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

interface TagPlan {
  readonly of: string;
  readonly type: string;
  readonly seconds?: number;
}

/** Writes a tag object, without a tagger when there are no `seconds`. */
function tagObject(dir: string, name: string, plan: TagPlan): void {
  const tagger =
    plan.seconds === undefined ? "" : `tagger A <a@example.org> ${plan.seconds} +0000\n`;
  const body = `object ${plan.of}\ntype ${plan.type}\ntag ${name}\n${tagger}\n`;
  const id = gitWithInput(dir, body, "hash-object", "-w", "-t", "tag", "--stdin", "--literally");
  git(dir, "update-ref", `refs/tags/${name}`, id);
}

function commitObject(dir: string, branch: string, tree: string, seconds: string): string {
  const person = `A <a@example.org> ${seconds} +0000`;
  const body = `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\n`;
  const id = gitWithInput(dir, body, "hash-object", "-w", "-t", "commit", "--stdin", "--literally");
  git(dir, "update-ref", `refs/heads/${branch}`, id);
  return id;
}

/** A history this small is not packed. */
function removeObject(dir: string, id: string): void {
  rmSync(pathOf(dir, id));
}

function pathOf(dir: string, id: string): string {
  return join(dir, "objects", id.slice(0, 2), id.slice(2));
}
