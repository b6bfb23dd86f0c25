import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LAST_OF_MAIN, openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

const ONE_COMMIT = {
  commits: [{ id: "c1", parents: [], committed: "-9d" }],
  branches: { main: "c1" },
};

/** Each trips exactly the guard it is named after. */
const CASES: readonly [guard: string, spec: WorldSpec, deleted: number][] = [
  [
    "nothing-kept",
    {
      cleanup: {
        keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 0 } }],
      },
      git: ONE_COMMIT,
      registry: { stages: [stage("s1")], records: [["shop", "c1", "s1"]] },
    },
    2,
  ],
  [
    "unknown-history",
    {
      git: ONE_COMMIT,
      registry: {
        stages: [stage("old"), stage("young", { built: "-1m" })],
        records: [["shop", "gone", "old"]],
      },
    },
    2,
  ],
  [
    "other-project",
    {
      git: ONE_COMMIT,
      registry: {
        stages: [stage("s1"), stage("s2")],
        records: [["shop", "c1", "s1"]],
        project: "warehouse",
      },
    },
    1,
  ],
];

describe.each(CASES)("%s", (guard, spec, deleted) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(spec);
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it("stops a run with 4 before the first request that changes anything", async () => {
    const run = await world.run(["cleanup", "--quiet"]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(lines(run.stderr)).toEqual([
      expect.stringMatching(new RegExp(`^tidemark: .*; --allow ${guard} lets this run through$`)),
    ]);
    expect(world.mutations()).toEqual([]);
  });

  it("is told by a dry run with 4, beside the plan", async () => {
    const run = await world.run(["cleanup", "--dry-run", "--quiet", "--output", "json"]);

    expect(run.exit).toBe(4);
    expect(lines(run.stderr)).toEqual([
      expect.stringContaining(`tidemark: guard ${guard} would stop the run: `),
    ]);
    expect(JSON.parse(run.stdout)).toMatchObject({
      summary: { deleted },
      warnings: [expect.stringContaining(`${guard}: `)],
    });
    expect(world.mutations()).toEqual([]);
  });

  it("is not lifted by leave for another guard", async () => {
    const run = await world.run(["cleanup", "--quiet", "--allow", "records-gone"]);

    expect(run.exit).toBe(4);
    expect(world.mutations()).toEqual([]);
  });

  it("lets the run through when it is allowed by name", async () => {
    const run = await world.run(["cleanup", "--quiet", "--allow", guard, "--output", "json"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).toMatchObject({ summary: { deleted, failed: 0 } });
  });
});

it("no-references stops a run on a clone whose remote has none", async () => {
  await using world = await openWorld({
    git: { ...ONE_COMMIT, localBranches: { main: "c1" } },
    registry: { stages: [stage("s1")], records: [["shop", "c1", "s1"]] },
  });
  await world.remote.update({ commits: ONE_COMMIT.commits, branches: {} }, "");

  const run = await world.run(["cleanup", "--quiet"]);

  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(run.stderr).toContain("--allow no-references lets this run through");
  expect(run.stderr).toContain("(also: nothing-kept, unknown-history)");
  expect(world.mutations()).toEqual([]);
});

it("two guards have to be allowed both", async () => {
  await using world = await openWorld({
    git: ONE_COMMIT,
    registry: { stages: [stage("s1")], records: [["shop", "gone", "s1"]] },
  });

  const one = await world.run(["cleanup", "--quiet", "--allow", "nothing-kept"]);
  const both = await world.run([
    "cleanup",
    "--quiet",
    "--output",
    "json",
    "--allow",
    "nothing-kept",
    "--allow",
    "unknown-history",
  ]);

  expect(one.exit).toBe(4);
  expect(both.exit).toBe(0);
  expect(JSON.parse(both.stdout)).toMatchObject({ summary: { deleted: 2 } });
});

describe("--max-delete", () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it.each([
    ["3", 4],
    ["4", 0],
    ["49%", 4],
    ["50%", 0],
  ])("%s ends a run that would delete 4 of 8 tags with %i", async (limit, exit) => {
    const run = await world.run(["cleanup", "--quiet", "--dry-run", "--max-delete", limit]);

    expect(run.exit).toBe(exit);
    expect(run.stderr).toBe(
      exit === 0
        ? ""
        : `tidemark: guard max-delete would stop the run: 4 of 8 tags would go, more than --max-delete ${limit}\n`,
    );
  });

  it("is lifted by no --allow", async () => {
    const run = await world.run(["cleanup", "--quiet", "--max-delete", "0"]);
    const allowed = await world.run(["cleanup", "--allow", "max-delete"]);

    expect(run).toMatchObject({ exit: 4 });
    expect(allowed).toMatchObject({ exit: 2 });
    expect(world.mutations()).toEqual([]);
  });
});

describe("records-gone", () => {
  it("stops a run when a class of records that the last run left is gone", async () => {
    await using world = await openWorld({
      cleanup: LAST_OF_MAIN,
      git: ONE_COMMIT,
      registry: {
        stages: [stage("s1"), stage("s2"), stage("young", { built: "-1m" })],
        records: [["shop", "c1", "s1"]],
      },
    });
    await runQuietly(world, 0);
    world.remove(world.model.recordTag(["shop", "c1", "s1"]));
    const before = world.tags();

    const run = await world.run([
      "cleanup",
      "--quiet",
      "--output",
      "json",
      "--allow",
      "unknown-history",
    ]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toMatch(/class image-metadata.*--allow records-gone lets this run through/);
    expect(world.tags()).toEqual(before);
    await runQuietly(world, 0, "--allow", "unknown-history", "--allow", "records-gone");
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
  });
});

it("a marker of records that lie elsewhere stops a run, and no --allow lifts it", async () => {
  await using world = await openWorld({
    git: ONE_COMMIT,
    registry: {
      stages: [stage("s1"), stage("s2")],
      records: [["shop", "c1", "s1"]],
      service: ["werf-meta-repo-marker-0123456789"],
    },
  });

  const run = await world.run(["cleanup", "--quiet"]);

  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(lines(run.stderr)).toEqual([expect.stringContaining("needs --meta-repo")]);
  expect(world.mutations()).toEqual([]);
});

describe("a listing that is visibly cut", () => {
  it.each(["broken-json", "repeated-page"] as const)("by a %s stops a run with 4", async (kind) => {
    await using world = await openWorld({
      faults: [{ when: ({ path }) => path.endsWith("/tags/list"), fault: { kind } }],
    });
    const before = world.tags();

    const run = await world.run(["cleanup", "--quiet"]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(lines(run.stderr)).toHaveLength(1);
    expect(run.stderr).toContain("tags of");
    expect(world.tags()).toEqual(before);
    expect(world.mutations()).toEqual([]);
  });
});

async function runQuietly(world: World, exit: number, ...args: string[]): Promise<void> {
  const run = await world.run(["cleanup", "--quiet", ...args]);
  expect(run).toMatchObject({ exit });
}

function lines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
