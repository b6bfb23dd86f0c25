import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

it("a dry run with --plan-out only saves the plan, readable by its owner alone", async () => {
  await using world = await openWorld();
  const before = world.tags();
  const path = join(world.root, "plan.json");

  const run = await world.run(["cleanup", "--quiet", "--dry-run", "--plan-out", path]);

  expect(run).toMatchObject({ exit: 0, stderr: "" });
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
    kind: "cleanup",
    schema: 1,
    repository: { host: world.registry.host, name: "acme/shop" },
    project: "shop",
    references: { "branch main": world.remote.commitOf("c3") },
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(world.tags()).toEqual(before);
  expect(world.mutations()).toEqual([]);
});

it("--plan-out without --dry-run saves the plan and carries it out", async () => {
  await using world = await openWorld();
  const path = join(world.root, "plan.json");

  const run = await world.run(["cleanup", "--quiet", "--plan-out", path]);

  expect(run).toMatchObject({ exit: 0, stderr: "" });
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ schema: 1 });
  expect(world.tags()).not.toHaveProperty(world.tag("s1"));
});

it("an applied plan ends where a direct run ends, and applied again deletes nothing", async () => {
  await using direct = await openWorld();
  await using world = await openWorld();
  const path = await savePlan(world);

  await direct.run(["cleanup"]);
  const first = await apply(world, path);
  const left = world.tags();
  const second = await apply(world, path);

  expect(first).toMatchObject({ exit: 0, report: { command: "apply", summary: { deleted: 4 } } });
  expect(Object.keys(left)).toEqual(expect.arrayContaining(Object.keys(direct.tags())));
  expect(Object.keys(left)).toHaveLength(Object.keys(direct.tags()).length);
  expect(second).toMatchObject({ exit: 0, report: { summary: { deleted: 0, skipped: 0 } } });
  expect(Object.keys(world.tags())).toEqual(Object.keys(left));
});

describe("what no plan is carried out for", () => {
  let world: World;
  let plan: Record<string, unknown>;

  beforeAll(async () => {
    world = await openWorld();
    plan = JSON.parse(await readFile(await savePlan(world), "utf8"));
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it.each<[string, () => string, number, RegExp]>([
    [
      "damaged JSON",
      () => JSON.stringify(plan).slice(0, 90),
      2,
      /is not JSON; it may have been cut$/,
    ],
    ["something else", () => "{}", 2, /is not a cleanup plan at /],
    [
      "an unknown schema",
      () => JSON.stringify({ ...plan, schema: 7 }),
      2,
      /has schema 7; this version reads schema 1$/,
    ],
    [
      "a digest that is none",
      () => JSON.stringify(plan).replaceAll(/sha256:[0-9a-f]{60}/g, "sha256:"),
      2,
      /is not a cleanup plan at deletions\.0\.digest/,
    ],
    [
      "a plan of the day before yesterday",
      () => JSON.stringify({ ...plan, createdAt: agoISO(2) }),
      4,
      /was made at .*, longer ago than --plan-max-age allows; make a new one$/,
    ],
    [
      "a plan from the future",
      () => JSON.stringify({ ...plan, createdAt: agoISO(-2) }),
      4,
      /was made at .*, which lies in the future; check the clock$/,
    ],
    [
      "a plan of another project",
      () => JSON.stringify({ ...plan, project: "warehouse" }),
      4,
      /was made for project "warehouse", not for "shop"$/,
    ],
  ])("%s", async (_, text, exit, why) => {
    const path = join(world.root, "other-plan.json");
    await writeFile(path, text());

    const run = await world.run(["apply", path, "--quiet"]);

    expect(run).toMatchObject({ exit, stdout: "" });
    expect(run.stderr.trimEnd()).toMatch(why);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(world.mutations()).toEqual([]);
  });

  it("an absent file", async () => {
    const run = await world.run(["apply", "/nowhere/plan.json", "--quiet"]);

    expect(run).toEqual({
      exit: 2,
      stdout: "",
      stderr: "tidemark: plan /nowhere/plan.json cannot be read: ENOENT\n",
    });
  });

  it("another repository", async () => {
    const path = join(world.root, "other-plan.json");
    await writeFile(path, JSON.stringify(plan));

    const run = await world.run(["apply", path, "--quiet", "--repo", "reg.test/acme/shop"]);

    expect(run).toEqual({
      exit: 4,
      stdout: "",
      stderr: `tidemark: the plan was made for ${world.address}, not for reg.test/acme/shop\n`,
    });
  });

  it("a cluster that nobody asked", async () => {
    const path = join(world.root, "other-plan.json");
    await writeFile(path, JSON.stringify(plan));

    const run = await world.runRaw(["apply", path, "--quiet", "--dir", world.clone]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toContain("--without-kube");
    expect(world.mutations()).toEqual([]);
  });
});

it("--plan-max-age takes an older plan", async () => {
  await using world = await openWorld();
  const path = await savePlan(world);
  const plan = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...plan, createdAt: agoISO(2) }));

  const run = await apply(world, path, "--plan-max-age", "72h");

  expect(run).toMatchObject({ exit: 0, report: { summary: { deleted: 4 } } });
});

it("a plan is refused as a whole when a branch needs by now what it deletes", async () => {
  await using world = await openWorld();
  const path = await savePlan(world);
  const before = world.tags();
  await world.remote.update({ branches: { main: "c1" } }, "");

  const run = await world.run(["apply", path, "--quiet"]);

  expect(run).toEqual({
    exit: 4,
    stdout: "",
    stderr: `tidemark: the plan deletes ${world.tag("s1")}, and branch main needs it by now; make a new plan\n`,
  });
  expect(world.tags()).toEqual(before);
  expect(world.mutations()).toEqual([]);
});

it("a plan is refused as a whole when the keep list names by now what it deletes", async () => {
  await using world = await openWorld();
  const path = await savePlan(world);
  const keepList = join(world.root, "keep");
  await writeFile(keepList, `${world.tag("s1")}\n`);

  const run = await world.run(["apply", path, "--quiet", "--keep-list", keepList]);

  expect(run).toEqual({
    exit: 4,
    stdout: "",
    stderr: `tidemark: the plan deletes ${world.tag("s1")}, and the keep list needs it by now; make a new plan\n`,
  });
  expect(world.mutations()).toEqual([]);
});

describe("what changed in the registry since the plan", () => {
  it("a custom tag that moved is skipped and stays", async () => {
    await using world = await openWorld(withCustomTag());
    const path = await savePlan(world);
    const elsewhere = world.model.tags.get(world.tag("s3"));
    if (elsewhere === undefined) throw new Error("s3 is not there");
    world.push(elsewhere, "stable");

    const run = await apply(world, path);

    expect(run.exit).toBe(0);
    expect(run.report).toMatchObject({
      skipped: expect.arrayContaining([expect.objectContaining({ tag: "stable", why: "changed" })]),
    });
    expect(world.tags()).toHaveProperty("stable", elsewhere.digest);
  });

  it("a record by which a branch needs a stage by now is a reason to refuse the whole plan", async () => {
    await using world = await openWorld();
    const path = await savePlan(world);
    world.seed(world.modelWith({ records: [["shop", "c3", "s1"]] }));

    const run = await world.run(["apply", path, "--quiet"]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain(`${world.tag("s1")}, and branch main needs it by now`);
    expect(world.mutations()).toEqual([]);
  });

  it("a stage that became a child of a young stage's index is skipped", async () => {
    await using world = await openWorld();
    const path = await savePlan(world);
    world.seed(
      world.modelWith({
        stages: [stage("young", { built: "-1m" })],
        indexes: [{ id: "both", children: ["s1", "young"], media: "docker", tagged: true }],
      }),
    );

    const run = await apply(world, path);

    expect(run.exit).toBe(0);
    expect(run.report).toMatchObject({
      skipped: expect.arrayContaining([
        expect.objectContaining({ tag: world.tag("s1"), class: "stage", why: "changed" }),
      ]),
    });
    expect(world.tags()).toHaveProperty(world.tag("s1"));
    expect(world.tags()).not.toHaveProperty(world.tag("s2"));
  });

  it("a stage that only the fresh plan deletes is left alone", async () => {
    await using world = await openWorld();
    const path = await savePlan(world);
    const model = world.modelWith({ stages: [stage("late")] });
    const [late] = model.tagsOf("late");
    world.seed(model);

    const run = await apply(world, path);

    expect(run).toMatchObject({ exit: 0, report: { summary: { deleted: 4 } } });
    expect(run.report).toMatchObject({
      kept: expect.arrayContaining([
        expect.objectContaining({ tag: late, reasons: [{ kind: "not-in-plan" }] }),
      ]),
    });
  });
});

it("nothing is left beside the plan file", async () => {
  await using world = await openWorld();

  await savePlan(world);

  expect((await readdir(world.root)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

async function savePlan(world: World): Promise<string> {
  const path = join(world.root, "plan.json");
  const run = await world.run(["cleanup", "--quiet", "--dry-run", "--plan-out", path]);
  expect(run).toMatchObject({ exit: 0, stderr: "" });
  return path;
}

async function apply(
  world: World,
  path: string,
  ...args: string[]
): Promise<{ exit: number | undefined; report: unknown }> {
  const run = await world.run(["apply", path, "--output", "json", ...args]);
  return { exit: run.exit, report: JSON.parse(run.stdout) };
}

function agoISO(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

function withCustomTag(): WorldSpec {
  return {
    registry: {
      stages: [stage("s1"), stage("s3")],
      records: [["shop", "c3", "s3"]],
      customTags: { stable: "s1" },
    },
  };
}
