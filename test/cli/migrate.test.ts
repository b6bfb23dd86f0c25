import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openMigrations } from "./migrate-world.ts";
import type { Migrations } from "./migrate-world.ts";

let open: Migrations;

beforeAll(async () => void (open = await openMigrations()));
afterEach(() => open.forget());
afterAll(() => open[Symbol.asyncDispose]());

it("a dry run tells what would be copied and how much, and changes nothing", async () => {
  const { world } = open;

  const { exit, told } = await open.json(["migrate"], ["--dry-run"]);
  const text = await open.run(["migrate"], ["--dry-run", "--quiet"]);

  expect(exit).toBe(0);
  expect(world.mutations()).toEqual([]);
  expect(told).toMatchObject({ schema: 1, command: "migrate", dryRun: true });
  const { tags } = told.summary;
  expect(tags).toMatchObject({ copied: 0, present: 0, left: 3 });
  expect(tags["would-copy"]).toBe(Object.keys(world.tags()).length - 3);
  expect(text.stdout).toMatch(/^dry run: nothing was changed\n/);
  expect(text.stdout).toMatch(/at most [0-9]+ blobs \([0-9.]+ (?:KiB|bytes)\) to send\n$/);
});

it("a run leaves a target of which a cleanup keeps what it keeps of the source", async () => {
  const { world, out } = open;

  const { exit, told } = await open.json(["migrate"], ["--verify"]);
  const again = await open.json(["migrate"], ["--verify"]);

  expect(exit).toBe(0);
  expect(told.repositories[0].verification).toMatchObject({ problems: [] });
  const source = await open.cleanupAt(world.address);
  const target = await open.cleanupAt(out);
  const isCopied = (tag: string): boolean => !["cleanup", "sync-server", "notes"].includes(tag);
  expect(target).toEqual({
    kept: source.kept.filter(isCopied),
    deleted: source.deleted.filter(isCopied),
  });
  expect(target.deleted).not.toEqual([]);
  expect(again).toMatchObject({
    exit: 0,
    told: { counts: { blobsSent: 0, bytesSent: 0, manifestsSent: 0 } },
  });
});

it("a table tells of repositories, classes and what is left behind", async () => {
  const run = await open.run(["migrate"], ["--verify"]);

  expect(run.exit).toBe(0);
  expect(run.stdout).toMatch(/│ copied │ left │ from/);
  expect(run.stdout).toContain("│ stage ");
  expect(run.stdout).toContain(
    "notes │ nothing of the project knows it; --foreign copies such tags too",
  );
  expect(run.stdout).toMatch(/ blobs were looked at, 0 problems\n/);
  expect(run.stdout).toMatch(
    /[0-9]+ blobs sent \([0-9.]+ \w+\), 0 mounted, [0-9]+ there already, [0-9]+ manifests sent\n$/,
  );
  expect(run.stderr).toMatch(/copying blobs: [0-9]+ to do/);
});

it("tags that the target has with other content are named one by one", async () => {
  const there = open.world.other("there");
  const content = open.world.recordOf("other", {});
  for (const tag of ["latest", open.world.tag("base")]) there.push(content, tag);

  const { stdout } = await open.run(["migrate"], ["--dry-run", "--to", there.address]);

  for (const tag of ["latest", open.world.tag("base")]) {
    expect(stdout).toContain(`${tag} `);
    there.remove(tag);
  }
  expect(stdout.match(/the target has sha256:/g)).toHaveLength(2);
});

describe("what is selected", () => {
  it.each([
    ["--class", ["--class", "managed-image"], /^managed-image-shop$/],
    ["--foreign", ["--foreign", "--class", "foreign"], /^notes$/],
  ])("by %s is copied alone", async (_, flags, expected) => {
    const { told } = await open.json(["migrate"], [...flags]);

    const tags: readonly { tag: string }[] = told.repositories[0].tags;
    expect(tags.length).toBeGreaterThan(0);
    expect(tags.filter(({ tag }) => !expected.test(tag))).toEqual([]);
  });

  it.each([
    [["--tag", "nowhere"], 1, "tidemark: nowhere was asked for, and the source has no such tag\n"],
    [["--tag", "nowhere*"], 0, ""],
    [["--image", "nobody"], 0, ""],
  ])("by %j is nothing, which is said", async (flags, exit, more) => {
    const run = await open.run(["migrate"], [...flags, "--quiet"]);

    expect(run.exit).toBe(exit);
    expect(run.stderr).toBe(
      `warning: nothing of the source is to be copied: nothing in it was selected\n${more}`,
    );
  });

  it("by --kept is what a cleanup would keep", async () => {
    const { world, out } = open;

    const { exit, stderr } = await open.json(["migrate"], ["--kept", "--without-kube"]);

    expect(stderr).toBe("");
    expect(exit).toBe(0);
    const { kept } = await open.cleanupAt(world.address);
    const there = await open.tagsAt(out);
    expect(there).toEqual(kept.filter((tag) => !["cleanup", "sync-server", "notes"].includes(tag)));
  });
});

describe("what makes no sense is refused before anything is sent", () => {
  it.each([
    [["--to", ""], "--to is missing"],
    [["--class", "stages"], "Known are stage"],
    [["--allow", "all"], '--allow "all" is no guard'],
    [["--state", ""], "--state is empty"],
    [["--remove-source"], "nobody is here to ask"],
    [["--remove-source", "--yes", "--no-referrers"], "leave one of them out"],
    [["--remove-source", "--yes", "--from-meta-repo", "oci:/meta"], "migrate first"],
    [
      ["--remove-source", "--yes", "--from", "archive:/a.tar"],
      "nothing is taken out of an archive",
    ],
    [["--younger-than", "soon"], "--younger-than"],
  ])("%j", async (flags, says) => {
    const run = await open.run(["migrate"], flags);

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain(says);
    expect(open.world.mutations()).toEqual([]);
  });

  it("the same repository on both sides", async () => {
    const run = await open.run(["migrate"], ["--to", open.world.address]);

    expect(run.exit).toBe(2);
    expect(run.stderr.split("\n").length).toBe(2);
  });
});
