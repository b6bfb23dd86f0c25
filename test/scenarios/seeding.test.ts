import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { openLayouts } from "./backend-layout.ts";
import { cloneState, createClone } from "./git-clone.ts";
import { createRemote } from "./git-remote.ts";
import { git } from "./git.ts";
import { modelRepository } from "./model.ts";
import { afterStep, readScenarios, stepsOf } from "./scenario.ts";
import type { GitSide } from "./scenario.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const unknownCommit = (): string => "c".repeat(40);

let backend: Backend;
beforeAll(async () => {
  backend = await openLayouts();
});
afterAll(() => backend[Symbol.asyncDispose]());

describe.each(readScenarios())("$id", (scenario) => {
  it("is seeded as it is declared, and speaks about every tag of its own", async () => {
    const first = stepsOf(scenario)[0];
    const model = modelRepository(scenario, START, { commitOf: unknownCommit });
    const repository = await backend.createRepository(scenario.id);

    for (const [tag, content] of model.tags) await repository.push(content, tag);
    const { digests, broken } = await repository.read();

    expect(broken).toEqual([]);
    expect(Object.fromEntries(digests)).toEqual(
      Object.fromEntries([...model.tags].map(([tag, { digest }]) => [tag, digest])),
    );
    const ids = [first?.expect.kept, first?.expect.deleted, first?.expect.either].flatMap(
      (list) => list ?? [],
    );
    const spoken = new Set([...ids.flatMap((id) => [...model.tagsOf(id)]), ...model.permanent]);
    const silent = [...model.tags.keys()].filter((tag) => !spoken.has(tag));
    expect(silent.filter((tag) => !tag.startsWith("meta-"))).toEqual([]);
  });
});

describe("a remote and its clone", () => {
  const commits = [
    { id: "a", committed: "-3d", authored: "-9d" },
    { id: "b", committed: "-2d" },
    { id: "c", parents: ["a", "b"], committed: "-1d" },
  ];

  it("have the commits, dates, branches and tags of the scenario", async () => {
    const { clone, commitOf } = await build({
      commits,
      branches: { main: "c", dev: "b" },
      tags: {
        light: "a",
        noted: { commit: "b", annotated: true, tagged: "-1h" },
        outer: { tag: "noted", tagged: "-2h" },
        weird: { tree: "a" },
      },
    });

    const log = await git(clone, ["log", "--format=%H %at %ct %P", "--date-order"]);
    const tags = await git(clone, [
      "for-each-ref",
      "--format=%(refname:short) %(objecttype) %(*objecttype) %(taggerdate:unix)",
      "refs/tags",
    ]);

    const day = (days: number): number => START / 1000 - days * 86_400;
    expect(log.split("\n")).toEqual([
      `${commitOf("c")} ${day(1)} ${day(1)} ${commitOf("a")} ${commitOf("b")}`,
      `${commitOf("b")} ${day(2)} ${day(2)} ${commitOf("a")}`,
      `${commitOf("a")} ${day(9)} ${day(3)} `,
    ]);
    expect(tags.split("\n").map((line) => line.trim())).toEqual([
      "light commit",
      `noted tag commit ${START / 1000 - 3600}`,
      `outer tag tag ${START / 1000 - 7200}`,
      "weird tree",
    ]);
  });

  it.each([
    ["full", {}, "false", ["origin/HEAD", "origin/dev", "origin/main"]],
    ["shallow", { clone: "shallow" }, "true", ["origin/HEAD", "origin/dev", "origin/main"]],
    ["single-branch", { clone: "single-branch" }, "false", ["origin/HEAD", "origin/main"]],
    ["partial", { clone: "partial" }, "false", ["origin/HEAD", "origin/dev", "origin/main"]],
    ["without a remote", { remote: "none" }, "false", [""]],
    ["sha256", { objectFormat: "sha256" }, "false", ["origin/HEAD", "origin/dev", "origin/main"]],
  ] as const)("may be %s", async (_, side, isShallow, remotes) => {
    const { clone } = await build({ ...side, commits, branches: { main: "c", dev: "b" } });

    expect(await git(clone, ["rev-parse", "--is-shallow-repository"])).toBe(isShallow);
    const refs = await git(clone, ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/remotes"]);
    expect(refs.split("\n")).toEqual(remotes);
    expect(await git(clone, ["status", "--porcelain"])).toBe("");
  });

  it("may be empty but for a local branch", async () => {
    const { clone, commitOf } = await build({ commits, localBranches: { main: "c" } });

    expect(await git(clone, ["rev-parse", "HEAD"])).toBe(commitOf("c"));
    expect(await git(clone, ["status", "--porcelain"])).toBe("");
  });

  it("lose a branch that the next step leaves out", async () => {
    const { clone, remote } = await build({ commits, branches: { main: "c", dev: "b" } });
    const before = await cloneState(clone);

    await remote.update({ commits, branches: { main: "b" } }, "x");

    expect(await git(clone, ["ls-remote", "origin"])).toBe(
      [`${remote.commitOf("b")}\tHEAD`, `${remote.commitOf("b")}\trefs/heads/main`].join("\n"),
    );
    expect(await cloneState(clone)).toBe(before);
  });
});

it("continues lists and maps from step to step", () => {
  const scenario = readScenarios().find(({ id }) => id === "second-run-after-new-builds");
  const [first, second] = scenario?.steps ?? [];
  if (scenario === undefined || first === undefined || second === undefined)
    throw new Error("gone");

  const state = afterStep(afterStep(scenario, first), second);

  expect(state.git.commits?.map(({ id }) => id)).toEqual(["c1", "c2", "c3"]);
  expect(state.registry.stages?.map(({ id }) => id)).toEqual(["s1", "s2", "s3"]);
  expect(state.git.branches).toEqual({ main: "c3" });
});

async function build(side: GitSide): Promise<{
  readonly clone: string;
  readonly remote: Awaited<ReturnType<typeof createRemote>>;
  readonly commitOf: (id: string) => string;
}> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-seeding-"));
  const remote = await createRemote(root, side, START);
  await remote.update(side, "project: app\n");
  const clone = await createClone(root, remote, side);
  return { clone, remote, commitOf: remote.commitOf };
}
