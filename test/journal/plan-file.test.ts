import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CleanupPlan } from "../../src/engine/cleanup/plan.ts";
import { readPlanFile, writePlanFile } from "../../src/journal/plan-file.ts";
import type { Digest } from "../../src/oci/digest.ts";

const DIGEST: Digest = `sha256:${"1".repeat(64)}`;

const PLAN: CleanupPlan = {
  kind: "cleanup",
  schema: 1,
  repository: { host: "reg.test", name: "shop" },
  project: "shop",
  createdAt: "2026-01-31T00:00:00.000Z",
  deletions: [
    {
      digest: DIGEST,
      how: "manifest",
      tags: [
        { tag: "a", class: "stage", because: "unneeded" },
        { tag: "b", class: "stage", because: "rejected" },
      ],
      level: 0,
      after: [],
    },
  ],
  kept: [{ tag: "c", class: "foreign", reasons: [{ kind: "foreign" }] }],
  warnings: ["look"],
  references: { "branch main": "c".repeat(40) },
};

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-plan-"));
});

afterAll(() => rm(directory, { recursive: true }));

it("reads back what was saved", async () => {
  const path = join(directory, "plan.json");

  await writePlanFile(path, PLAN);

  expect(await readPlanFile(path)).toEqual({
    repository: PLAN.repository,
    project: "shop",
    createdAt: PLAN.createdAt,
    deletes: new Map([
      ["a", { digest: DIGEST, how: "manifest" }],
      ["b", { digest: DIGEST, how: "manifest" }],
    ]),
  });
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual(PLAN);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it("is not written over what is no file", async () => {
  await expect(writePlanFile("/dev/null", PLAN)).rejects.toMatchObject({ code: "unwritable" });
});

it("replaces an older plan as a whole, and leaves nothing beside it", async () => {
  const path = join(directory, "old.json");
  await writeFile(path, "x".repeat(100_000));

  await writePlanFile(path, PLAN);

  expect(JSON.parse(await readFile(path, "utf8"))).toEqual(PLAN);
  expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

it("says where a plan cannot be written, and leaves nothing behind", async () => {
  await expect(writePlanFile(directory, PLAN)).rejects.toMatchObject({
    name: "PlanFileError",
    code: "unwritable",
    message: expect.stringContaining(`plan ${directory} cannot be written: not a regular file`),
  });
  await expect(writePlanFile(join(directory, "no/plan"), PLAN)).rejects.toMatchObject({
    message: `plan ${join(directory, "no/plan")} cannot be written: ENOENT`,
  });
});

it("takes fields that it does not know, as a later version may write them", async () => {
  const path = await save({ ...PLAN, note: "hello" });

  expect((await readPlanFile(path)).project).toBe("shop");
});

it.each<[string, unknown, string]>([
  ["another schema", { ...PLAN, schema: 2 }, "unknown-schema"],
  ["no schema", { ...PLAN, schema: undefined }, "unknown-schema"],
  ["another kind of plan", { ...PLAN, kind: "publish" }, "unreadable"],
  ["a deletion without tags", withDeletion({ tags: [] }), "unreadable"],
  ["a digest that is none", withDeletion({ digest: "sha256:1" }), "unreadable"],
  ["an unknown way to delete", withDeletion({ how: "all" }), "unreadable"],
  ["a time that is none", { ...PLAN, createdAt: "yesterday" }, "unreadable"],
  ["a list", [], "unreadable"],
  ["nothing", null, "unreadable"],
])("refuses %s", async (_, plan, code) => {
  const path = await save(plan);

  await expect(readPlanFile(path)).rejects.toMatchObject({ name: "PlanFileError", code });
});

it("refuses a plan cut at any of its lines", async () => {
  const lines = JSON.stringify(PLAN, undefined, 2).split("\n");
  const path = join(directory, "cut.json");
  for (const at of lines.keys()) {
    await writeFile(path, lines.slice(0, at).join("\n"));

    await expect(readPlanFile(path)).rejects.toMatchObject({ code: "unreadable" });
  }
});

async function save(plan: unknown): Promise<string> {
  const path = join(directory, "given.json");
  await writeFile(path, JSON.stringify(plan));
  return path;
}

function withDeletion(fields: object): object {
  return { ...PLAN, deletions: PLAN.deletions.map((item) => ({ ...item, ...fields })) };
}
