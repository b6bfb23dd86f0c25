import { readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorld, stage } from "./world.ts";
import type { World } from "./world.ts";
import type { Run } from "./run.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld({
    registry: {
      stages: [stage("base"), stage("s1"), stage("s2", { parent: "base" }), stage("s3")],
      records: [
        ["shop", "c1", "s1"],
        ["shop", "c2", "s2"],
        ["shop", "c3", "s3"],
      ],
      customTags: { latest: "s3" },
      signatures: [{ of: "s3", suffix: ".sig" }],
      foreign: [{ tag: "notes" }],
      service: ["sync-server", "cleanup"],
    },
  });
});
afterEach(() => world[Symbol.asyncDispose]());

describe("purge", () => {
  it("removes everything the project owns, and nothing else", async () => {
    const run = await purge(["--yes"]);

    expect(run.exit).toBe(0);
    expect(Object.keys(world.tags())).toEqual(["notes"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ command: "purge", dryRun: false });
  });

  it("writes down what it removes", async () => {
    const run = await purge(["--yes", "--journal", `${world.root}/journal`]);

    const [result] = JSON.parse(run.stdout).repositories;
    expect(result.journal).toContain(`${world.root}/journal`);
    const back = await world.runRaw([
      "restore",
      result.journal,
      "--repo",
      world.address,
      "--quiet",
    ]);
    expect(back.exit).toBe(0);
    expect(world.tags()).toHaveProperty(world.tag("s3"));
    expect(world.tags()).toHaveProperty("latest");
  });

  it("leaves what the keep list names, with all that it needs and one record to know it by", async () => {
    const keepList = `${world.root}/keep`;
    await writeFile(keepList, `${world.tag("s2")}\n`);

    const run = await purge(["--yes", "--keep-list", keepList]);

    const left = Object.keys(world.tags()).sort();
    expect(run.exit).toBe(0);
    expect(left).toEqual(
      [
        "notes",
        "managed-image-shop",
        "sync-server",
        "cleanup",
        world.tag("base"),
        world.tag("s2"),
        left.find((tag) => tag.startsWith("meta-") && tag.endsWith(world.tag("s2"))) ?? "",
      ].sort(),
    );
  });

  it("changes nothing in a dry run, and needs no assent for it", async () => {
    const before = world.tags();

    const run = await purge(["--dry-run"]);

    expect(run.exit).toBe(0);
    expect(JSON.parse(run.stdout).summary).toMatchObject({ kept: 1 });
    expect(world.tags()).toEqual(before);
    expect(world.mutations()).toEqual([]);
  });

  it("is refused where nobody can be asked", async () => {
    const run = await purge([]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain("--yes");
    expect(world.registry.requests()).toEqual([]);
  });

  it("removes the copies too", async () => {
    const final = world.other("acme/final");
    final.copy(world.tag("s1"));
    final.copy("notes");

    const run = await purge(["--yes", "--final-repo", final.address]);

    expect(run.exit).toBe(0);
    expect(Object.keys(final.tags())).toEqual(["notes"]);
    expect(Object.keys(world.tags())).toEqual(["notes"]);
  });

  it("removes records that lie apart, and the marker that says so", async () => {
    const meta = world.other("acme/meta");
    for (const tag of Object.keys(world.tags())) {
      if (!/^(?:meta|managed-image|custom-tag-meta)-/.test(tag)) continue;
      meta.copy(tag);
      world.remove(tag);
    }
    const marker = "werf-meta-repo-marker-1";
    world.push(world.recordOf(marker, { metarepoaddress: meta.address }), marker);
    meta.copy("notes");

    const run = await purge(["--yes", "--meta-repo", meta.address]);

    expect(run.exit).toBe(0);
    expect(Object.keys(world.tags())).toEqual(["notes"]);
    expect(Object.keys(meta.tags())).toEqual(["notes"]);
  });

  it("stops at the images of another project", async () => {
    await using other = await openWorld({
      registry: { project: "zoo", stages: [stage("z1")], records: [["zoo", "c1", "z1"]] },
    });

    const run = await other.run(["purge", "--yes", "--quiet"]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain('belongs to project "zoo"');
    expect(other.mutations()).toEqual([]);
  });

  it("is reported as a cleanup is", async () => {
    const path = `${world.root}/purge.json`;

    await purge(["--yes", "--save-cleanup-report", "--cleanup-report-path", path]);

    const report: unknown = JSON.parse(await readFile(path, "utf8"));
    expect(report).toMatchObject({ command: "purge", dryRun: false, repo: world.address });
  });

  it("leaves nothing to do for a second run", async () => {
    await purge(["--yes"]);

    const again = await purge(["--yes"]);

    expect(JSON.parse(again.stdout).summary).toMatchObject({ tags: 1, deleted: 0, failed: 0 });
  });
});

function purge(args: readonly string[]): Promise<Run> {
  return world.run(["purge", ...args, "--output", "json", "--quiet"]);
}
