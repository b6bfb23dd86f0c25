import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";
import { z } from "zod";

import type { RegistrySide } from "../scenarios/scenario.ts";
import { openWorld, stage } from "./world.ts";
import type { World } from "./world.ts";

const Report = z.object({
  command: z.literal("restore"),
  dryRun: z.boolean(),
  journals: z.array(z.string()),
  summary: z.looseObject({ manifests: z.number(), restored: z.number(), gone: z.number() }),
  items: z.array(
    z.looseObject({
      digest: z.string(),
      status: z.string(),
      tags: z.array(z.looseObject({ tag: z.string(), status: z.string() })),
      missing: z.array(z.object({ kind: z.string(), digest: z.string() })),
    }),
  ),
});

it("undoes a cleanup", async () => {
  await using world = await openWorld();
  const before = world.tags();
  const journal = journalOf(await world.run(["cleanup", "--output", "json"]));
  const left = Object.keys(world.tags());

  const run = await world.runRaw(["restore", journal, "--output", "json"]);

  expect(run).toMatchObject({ exit: 0, stderr: expect.stringContaining("restoring: 4 to do\n") });
  const { cleanup: _, ...after } = world.tags();
  expect(after).toEqual(before);
  const { items, summary, journals } = Report.parse(JSON.parse(run.stdout));
  expect(summary).toMatchObject({ manifests: 4, restored: 4, there: 0, gone: 0, failed: 0 });
  expect(journals).toEqual([journal]);
  expect(items.flatMap(({ tags }) => tags.map(({ tag }) => tag)).toSorted()).toEqual(
    Object.keys(before)
      .filter((tag) => !left.includes(tag))
      .toSorted(),
  );
});

it("is told in words, with what is gone and what is left", async () => {
  await using world = await openWorld();
  const journal = journalOf(await world.run(["cleanup", "--output", "json"]));
  loseConfigOf(world, "s1");
  world.push(world.model.tags.get(world.tag("s3")) ?? missing(), world.tag("s2"));

  const run = await world.runRaw(["restore", journal, "--quiet"]);

  expect(run).toMatchObject({ exit: 1, stderr: "" });
  expect(run.stdout).toMatch(/│ restored +│ 2 +│/);
  expect(run.stdout).toMatch(new RegExp(`│ ${world.tag("s1")} │ blob sha256:\\w+ is gone `));
  expect(run.stdout).toMatch(
    new RegExp(`│ ${world.tag("s2")} │ it names sha256:\\w+ by now; --over`),
  );
});

it("brings back one tag alone, and changes nothing in a dry run", async () => {
  await using world = await openWorld();
  const journal = journalOf(await world.run(["cleanup", "--output", "json"]));
  const writes = world.mutations();

  const dry = await world.runRaw(["restore", journal, world.tag("s1"), "--dry-run"]);
  const afterDryRun = world.mutations();
  const run = await world.runRaw(["restore", journal, world.tag("s1")]);

  expect(dry.exit).toBe(0);
  expect(dry.stdout).toContain("(dry run: nothing was changed)");
  expect(dry.stdout).toMatch(/would be restored +│ 1/);
  expect(afterDryRun).toEqual(writes);
  expect(run.exit).toBe(0);
  expect(world.tags()).toHaveProperty([world.tag("s1")]);
  expect(world.tags()).not.toHaveProperty([world.tag("s2")]);
});

it("takes a directory, and lists and shows what lies there", async () => {
  await using world = await openWorld();
  const directory = join(world.root, "journals");
  await world.run(["cleanup", "--journal", directory]);

  const list = await world.runRaw(["journal", "ls", "--journal", directory, "--output", "json"]);
  const show = await world.runRaw(["journal", "show", directory]);
  const run = await world.runRaw(["restore", directory]);

  const { journals } = JSON.parse(list.stdout);
  expect(journals).toMatchObject([
    { repository: world.address, project: "shop", manifests: 4, tags: 4, problems: [] },
  ]);
  expect(show.stdout).toContain(`${world.address}, project shop, run of `);
  expect(show.stdout).toMatch(new RegExp(`│ ${world.tag("s1")} +│ manifest +│ sha256:`));
  expect(run.exit).toBe(0);
});

it("lists the journals of the user's state directory, of one repository when it is named", async () => {
  await using world = await openWorld();

  const none = await world.runRaw(["journal", "ls"]);
  const journal = journalOf(await world.run(["cleanup", "--output", "json"]));
  const one = await world.runRaw(["journal", "ls", "--repo", world.address]);
  const other = await world.runRaw(["journal", "ls", "--repo", `${world.registry.host}/other`]);

  expect(none).toMatchObject({ exit: 0, stdout: "no journals\n" });
  expect(one.stdout).toContain(journal);
  expect(other.stdout).toBe("no journals\n");
});

it("refuses what it cannot be sure about", async () => {
  await using world = await openWorld();
  const journal = journalOf(await world.run(["cleanup", "--output", "json"]));
  const text = join(world.root, "notes.txt");
  await writeFile(text, "notes\n");
  const other = `${world.registry.host}/other`;

  const runs = await Promise.all([
    world.runRaw(["restore", journal, "--repo", other]),
    world.runRaw(["restore", journal], { env: { TIDEMARK_REPO: other } }),
    world.runRaw(["restore", text]),
    world.runRaw(["restore", join(world.root, "none.jsonl")]),
    world.runRaw(["restore", journal, "typo"]),
    world.runRaw(["restore", "registry"]),
    world.runRaw(["restore", "registry:yesterday", "--repo", world.address]),
  ]);

  const wrong = `tidemark: what lies in ${journal} was deleted in ${world.address}, not in ${other}\n`;
  expect(runs.map(({ exit, stderr }) => ({ exit, stderr }))).toEqual([
    { exit: 4, stderr: wrong },
    { exit: 4, stderr: wrong },
    { exit: 2, stderr: `tidemark: ${text} is not a journal of tidemark\n` },
    {
      exit: 2,
      stderr: `tidemark: journal ${join(world.root, "none.jsonl")} cannot be read: ENOENT\n`,
    },
    {
      exit: 2,
      stderr: "tidemark: no journal holds typo; `tidemark journal show` lists what one holds\n",
    },
    {
      exit: 2,
      stderr: "tidemark: journals in a registry lie in a repository: name it by --repo\n",
    },
    {
      exit: 2,
      stderr:
        "tidemark: journal registry:yesterday names no run; `tidemark journal ls --journal registry` lists them\n",
    },
  ]);
});

it("brings back stages and records that lie apart, one repository after the other", async () => {
  await using world = await openWorld();
  const meta = world.other("acme/shop-meta");
  for (const tag of world.model.tags.keys()) {
    if (!/^(?:meta|managed-image)-/.test(tag)) continue;
    meta.copy(tag);
    world.remove(tag);
  }
  const before = [world.tags(), meta.tags()];
  const directory = join(world.root, "journals");
  await world.run(["cleanup", "--meta-repo", meta.address, "--journal", directory]);

  const both = await world.runRaw(["restore", directory]);
  const stages = await world.runRaw(["restore", directory, "--repo", world.address]);
  const records = await world.runRaw(["restore", directory, "--repo", meta.address]);

  expect(both).toMatchObject({
    exit: 2,
    stderr: `tidemark: the journals in ${directory} are about several repositories (${world.address}, ${meta.address}); name one by --repo\n`,
  });
  expect([stages.exit, records.exit]).toEqual([0, 0]);
  expect(world.tags()).toEqual(before[0]);
  expect(meta.tags()).toMatchObject(before[1] ?? {});
});

it("keeps its journal in the repository itself when that is asked, until it is old", async () => {
  const registry: RegistrySide = {
    stages: Array.from({ length: 3 }, (_, at) => stage(`s${at + 1}`)),
    records: [["shop", "c3", "s3"]],
    foreign: [{ tag: "tidemark-journal-20200101t000000000z-0badcafe-0001" }],
  };
  await using world = await openWorld({ registry });
  const before = world.tags();

  const run = await world.run(["cleanup", "--journal", "registry", "--output", "json"]);

  const { journal, deleted } = z
    .object({ journal: z.string(), deleted: z.array(z.object({ tag: z.string() })) })
    .parse(JSON.parse(run.stdout));
  expect(run.exit).toBe(0);
  expect(journal).toMatch(/^registry:\d{8}t\d{9}z-[0-9a-f]{8}$/);
  expect(deleted).toContainEqual(
    expect.objectContaining({ tag: "tidemark-journal-20200101t000000000z-0badcafe-0001" }),
  );
  const list = await world.runRaw([
    "journal",
    "ls",
    "--journal",
    "registry",
    "--repo",
    world.address,
  ]);
  expect(list.stdout).toContain(journal);
  const again = await world.run(["cleanup", "--journal", "registry", "--output", "json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ deleted: [] });
  const back = await world.runRaw(["restore", journal, "--repo", world.address]);
  expect(back.exit).toBe(0);
  expect(world.tags()).toMatchObject(before);
});

/** The journal that a cleanup told of. */
function journalOf({ stdout }: { readonly stdout: string }): string {
  return z.object({ journal: z.string() }).parse(JSON.parse(stdout)).journal;
}

function loseConfigOf(world: World, id: string): void {
  const content = world.model.tags.get(world.tag(id));
  const digest = content?.blobs[0]?.digest;
  for (const { blobs } of world.registry.state.repositories.values()) {
    for (const known of blobs.keys()) if (known === digest) blobs.delete(known);
  }
}

function missing(): never {
  throw new Error("the model has no such tag");
}
