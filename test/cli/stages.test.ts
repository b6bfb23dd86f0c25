import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openMigrations } from "./migrate-world.ts";
import type { Migrations, Told } from "./migrate-world.ts";

let open: Migrations;

beforeAll(async () => void (open = await openMigrations()));
afterEach(() => open.forget());
afterAll(() => open[Symbol.asyncDispose]());

describe("stages ls", () => {
  it("lists stages and indexes with images, commits and sizes, youngest first", async () => {
    const { world } = open;
    const commit = world.remote.commitOf("c2").slice(0, 12);

    const run = await open.runAny(["stages", "ls", "--repo", world.address]);

    expect(run.exit).toBe(0);
    expect(run.stdout).toMatch(/│ built +│ size +│ image +│ commit +│ what +│ tag/);
    expect(run.stdout).toContain(`│ shop  │ ${commit} │ stage`);
    expect(run.stdout).toContain("│ stage, rejected │");
  });

  it("tells as JSON what records tell", async () => {
    const { world } = open;
    const commit = world.remote.commitOf("c2");

    const { exit, told } = await list(world.address);

    expect(exit).toBe(0);
    expect(told).toMatchObject({ schema: 1, command: "stages ls", summary: { stages: 6 } });
    const found = new Map(told.stages.map((stage: { tag: string }) => [stage.tag, stage]));
    expect(found.get(world.tag("s2"))).toMatchObject({
      kind: "stage",
      rejected: false,
      builds: [{ image: "shop", commit }],
      size: expect.any(Number),
      builtAt: expect.stringMatching(/^[0-9-]{10}T/),
    });
    expect(found.get(world.tag("i1"))).toMatchObject({ kind: "index" });
    expect(found.get(world.tag("bad"))).toMatchObject({ rejected: true });
  });
});

describe("stages copy", () => {
  it("copies stages and their records, and leaves custom and foreign tags", async () => {
    const { world, out } = open;

    const { exit } = await open.json(["stages", "copy"]);

    expect(exit).toBe(0);
    const tags = await open.tagsAt(out);
    for (const id of ["base", "s1", "s2", "s3", "bad", "i1"]) expect(tags).toContain(world.tag(id));
    for (const tag of ["latest", "notes", "cleanup"]) expect(tags).not.toContain(tag);
    const target = await open.cleanupAt(out);
    const source = await open.cleanupAt(world.address);
    expect(target.kept).toEqual(source.kept.filter((tag) => tags.includes(tag)));
  });

  it("with --all=false copies what the build report names, and what that needs", async () => {
    const { world, out } = open;
    const report = join(world.root, "report.json");
    const image = {
      WerfImageName: "shop",
      DockerRepo: world.address,
      DockerTag: world.tag("s2"),
      DockerImageID: `sha256:${"1".repeat(64)}`,
      DockerImageName: `${world.address}:${world.tag("s2")}`,
    };
    await writeFile(report, JSON.stringify({ Images: { shop: image } }));

    const { exit } = await open.json(
      ["stages", "copy"],
      ["--all=false", "--build-report-path", report],
    );

    expect(exit).toBe(0);
    const tags = await open.tagsAt(out);
    expect(tags).toEqual(
      expect.arrayContaining([world.tag("s2"), world.tag("base"), "managed-image-shop"]),
    );
    expect(tags).not.toContain(world.tag("s3"));
  });
});

it("stages sync copies what is missing, custom tags too, and removes nothing from the target", async () => {
  const { world, out } = open;
  await open.json(["stages", "copy"]);
  await open.json(["migrate"], ["--foreign", "--class", "foreign"]);

  const { exit, told } = await open.json(["stages", "sync"]);

  expect(exit).toBe(0);
  expect(told.counts.blobsSent).toBe(1);
  expect(await open.tagsAt(out)).toEqual(
    expect.arrayContaining(["latest", "notes", world.tag("s1")]),
  );
});

it("stages sync with --remove-source leaves what it could not prove, and nothing else", async () => {
  const { out } = open;
  await open.json(["stages", "sync"], ["--to", ":local"]);
  const sides = ["--from", ":local", "--to", out, "--remove-source", "--yes"];

  const { exit, told } = await open.json(["stages", "sync"], sides);

  expect(exit).toBe(0);
  expect(await open.tagsAt(":local")).toEqual([]);
  expect(told.repositories[0].removal.deleted).toEqual(await open.tagsAt(out));
});

describe("stages of this machine", () => {
  it("are what :local stands for, in every command that takes a repository", async () => {
    const { world } = open;

    const { exit } = await open.json(["stages", "sync"], ["--to", ":local"]);
    const { told } = await list(":local");

    expect(exit).toBe(0);
    expect(told.repository).toBe(`oci:${localDirectory()}`);
    expect(told.summary.stages).toBe(6);
    const kept = await open.cleanupAt(":local");
    expect(kept.kept).toContain(world.tag("i1"));
  });

  it("move into a registry for good, and the next use of :local says where to and how back", async () => {
    const { world } = open;
    const { address } = world.other("acme/moved");
    await open.json(["stages", "sync"], ["--to", ":local"]);

    const moved = await switchTo(address, ["--yes"]);

    expect(moved.stderr).toBe("");
    expect(moved.exit).toBe(0);
    expect(moved.told).toMatchObject({ schema: 1, closed: true, project: "shop", to: address });
    expect(await open.tagsAt(`oci:${localDirectory()}`)).toEqual([]);
    expect(await open.tagsAt(address)).toEqual(expect.arrayContaining([world.tag("i1"), "latest"]));
    const refused = await open.runAny(["stages", "ls", "--repo", ":local"]);
    expect(refused.exit).toBe(4);
    expect(refused.stderr).toContain(`moved from :local to ${address}`);
    const again = await switchTo(address, ["--yes"]);
    expect(again.exit).toBe(0);
    const elsewhere = await switchTo(world.other("acme/other").address, ["--yes"]);
    expect(elsewhere.exit).toBe(4);
    await rm(moved.told.block);
    expect((await list(":local")).exit).toBe(0);
  });

  it("stay open, and stay whole, when not everything arrived", async () => {
    const { world } = open;
    await open.json(["stages", "sync"], ["--to", ":local"]);
    const before = await open.tagsAt(":local");
    await writeFile(join(world.root, "file"), "");

    const moved = await switchTo(`oci:${world.root}/file`, ["--yes"]);

    expect(moved.exit).not.toBe(0);
    expect(await open.tagsAt(":local")).toEqual(before);
    expect(await readdir(join(world.root, "home/state/tidemark/stages"))).toEqual(["shop"]);
  });

  it("stay open when the registry has something else under one of their tags, until that is allowed", async () => {
    const { world } = open;
    const taken = world.other("acme/taken");
    const { address } = taken;
    await open.json(["stages", "sync"], ["--to", ":local"]);
    taken.copy(world.tag("base"), "latest");

    const moved = await switchTo(address, ["--yes"]);
    const allowed = await switchTo(address, ["--yes", "--allow", "left-behind"]);

    expect(moved).toMatchObject({ exit: 1, told: { closed: false } });
    expect(moved.told.passes[0].repositories[0].left).toContainEqual(
      expect.objectContaining({ tag: "latest", why: expect.objectContaining({ kind: "taken" }) }),
    );
    expect(allowed).toMatchObject({ exit: 0, told: { closed: true } });
    expect(await open.tagsAt(`oci:${localDirectory()}`)).toContain("latest");
  });

  it("are moved by one run at a time", async () => {
    const { world } = open;
    const { address } = world.other("acme/twice");
    await open.json(["stages", "sync"], ["--to", ":local"]);

    const both = await Promise.all([1, 2].map(() => switchTo(address, ["--yes"])));

    const exits = new Set(both.map(({ exit }) => exit));
    expect(exits.has(0)).toBe(true);
    expect([0, 4]).toEqual(expect.arrayContaining([...exits]));
    expect(await open.tagsAt(address)).toContain(world.tag("i1"));
  });

  it("a dry run of the switch closes nothing", async () => {
    const { world } = open;
    const { address } = world.other("acme/planned");
    await open.json(["stages", "sync"], ["--to", ":local"]);

    const moved = await switchTo(address, ["--dry-run"]);

    expect(moved).toMatchObject({ exit: 0, told: { closed: false, dryRun: true } });
    expect(await open.tagsAt(address)).toEqual([]);
  });
});

async function list(address: string): Promise<Told> {
  return told(["stages", "ls", "--repo", address]);
}

async function switchTo(address: string, more: readonly string[]): Promise<Told> {
  return told(["stages", "switch-from-local", "--to", address, ...more]);
}

async function told(args: readonly string[]): Promise<Told> {
  const { exit, stdout, stderr } = await open.runAny([...args, "--output", "json", "--quiet"]);
  return { exit, stderr, told: stdout === "" ? undefined : JSON.parse(stdout) };
}

function localDirectory(): string {
  return join(open.world.root, "home/state/tidemark/stages/shop");
}
