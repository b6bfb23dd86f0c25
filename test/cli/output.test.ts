import { afterAll, beforeAll, expect, it } from "vitest";
import { LAST_OF_MAIN, openWorld } from "./world.ts";
import type { World } from "./world.ts";

/** For the runs that change nothing. */
let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world[Symbol.asyncDispose]());

it("JSON is one object on stdout, in the documented form and sorted by tag", async () => {
  const [s1, s2, s3] = [world.tag("s1"), world.tag("s2"), world.tag("s3")];
  const digests = world.tags();
  const record = (commit: string, stage: string): string =>
    world.model.recordTag(["shop", commit, stage]);
  const reason = {
    kind: "git-policy",
    policy: 0,
    reference: "branch main",
    commit: world.remote.commitOf("c3"),
    image: "shop",
  };
  const gone = (tag: string, label: string): object => ({
    tag,
    digest: digests[tag],
    class: label,
    how: "manifest",
  });
  const stays = (tag: string, label: string, reasons: readonly object[]): object => ({
    tag,
    digest: digests[tag],
    class: label,
    reasons,
  });

  const earlier = world.registry.requests().length;

  const run = await world.run(["cleanup", "--dry-run", "--output", "json"]);

  expect(run.exit).toBe(0);
  expect(run.stdout.split("\n")).toHaveLength(2);
  expect(JSON.parse(run.stdout)).toEqual({
    schema: 1,
    command: "cleanup",
    dryRun: true,
    repository: world.address,
    summary: {
      tags: 8,
      kept: 4,
      deleted: 4,
      failed: 0,
      skipped: 0,
      requests: counted(world.registry.requests().slice(earlier)),
    },
    kept: byTag([
      stays(s3, "stage", [reason]),
      stays(record("c3", "s3"), "image-metadata", [{ kind: "record", of: s3 }]),
      stays("managed-image-shop", "managed-image", [{ kind: "service" }]),
      stays("notes", "foreign", [{ kind: "foreign" }]),
    ]),
    deleted: byTag([
      gone(s1, "stage"),
      gone(s2, "stage"),
      gone(record("c1", "s1"), "image-metadata"),
      gone(record("c2", "s2"), "image-metadata"),
    ]),
    failed: [],
    skipped: [],
    warnings: [],
  });
});

it("a real run counts every request it sent", async () => {
  await using world = await openWorld();

  const run = await world.run(["cleanup", "--output", "json"]);

  expect(JSON.parse(run.stdout)).toMatchObject({
    dryRun: false,
    summary: { deleted: 4, requests: counted(world.registry.requests()) },
  });
});

it("progress goes to stderr, and --quiet leaves it out", async () => {
  const loud = await world.run(["cleanup", "--dry-run"]);
  const quiet = await world.run(["cleanup", "--dry-run", "--quiet"]);

  expect(loud.stderr).toContain("listing tags\n");
  expect(loud.stderr).toContain("resolving tags: 8 to do\n");
  expect(quiet).toEqual({ exit: 0, stdout: loud.stdout, stderr: "" });
});

it("the table tells what stays by what and what would go", async () => {
  const run = await world.run(["cleanup", "--dry-run", "--quiet"]);

  const shown = run.stdout
    .replaceAll(world.address, "HOST/acme/shop")
    .replaceAll(world.remote.commitOf("c3").slice(0, 12), "COMMIT______")
    .replaceAll(/-[0-9]{13}\b/g, "-TIME_________");
  expect(shown).toMatchInlineSnapshot(`
    "HOST/acme/shop  (dry run: nothing was changed)
    ┌─────────────────────────┬──────┬──────────┐
    │ what                    │ kept │ would go │
    ├─────────────────────────┼──────┼──────────┤
    │ stages                  │ 1    │ 2        │
    │ records: image metadata │ 1    │ 2        │
    │ records: image names    │ 1    │ 0        │
    │ foreign tags            │ 1    │ 0        │
    │ all tags                │ 4    │ 4        │
    └─────────────────────────┴──────┴──────────┘
    ┌────────────────────────┬──────┬──────────────────────────────────────┐
    │ kept by                │ tags │ for example                          │
    ├────────────────────────┼──────┼──────────────────────────────────────┤
    │ branch main (policy 1) │ 1    │ a6290d82…: shop, commit COMMIT______ │
    └────────────────────────┴──────┴──────────────────────────────────────┘
    "
  `);
});

it("no colours are written where stdout is no terminal", async () => {
  const run = await world.run(["cleanup", "--dry-run"], { env: { FORCE_COLOR: "1" } });

  expect(run.stdout + run.stderr).not.toContain("\u001B[");
});

it("a policy that matches nothing is a warning, in the result and under --quiet too", async () => {
  const idle = { references: { branch: "release" }, imagesPerReference: { last: 1 } };
  await using world = await openWorld({
    cleanup: { keepPolicies: [...LAST_OF_MAIN.keepPolicies, idle] },
  });
  const warning = "keep policy 2 (branch release) matches no reference";

  const run = await world.run(["cleanup", "--dry-run", "--quiet", "--output", "json"]);

  expect(run).toMatchObject({ exit: 0, stderr: `warning: ${warning}\n` });
  expect(JSON.parse(run.stdout)).toMatchObject({ warnings: [warning] });
});

it("cleanup.disable changes nothing and says so, whether clusters could be read or not", async () => {
  await using world = await openWorld({ cleanup: { ...LAST_OF_MAIN, disable: true } });
  const before = world.tags();

  const run = await world.runRaw([
    "cleanup",
    "--quiet",
    "--output",
    "json",
    "--repo",
    world.address,
    "--dir",
    world.clone,
  ]);

  expect(run).toMatchObject({ exit: 0, stderr: expect.stringContaining("cleanup.disable is set") });
  expect(JSON.parse(run.stdout)).toMatchObject({ dryRun: false, summary: { kept: 8, deleted: 0 } });
  expect(world.tags()).toEqual(before);
  expect(world.mutations()).toEqual([]);

  const explained = await world.run(["explain", world.tag("s1"), "--quiet"]);

  expect(explained.stdout).toContain("would go");
  expect(explained.stderr).toBe(
    "warning: cleanup.disable is set: nothing is deleted until it is taken away\n",
  );
});

function counted(requests: readonly { readonly method: string }[]): Record<string, number> {
  const counts = { GET: 0, HEAD: 0, PUT: 0, POST: 0, DELETE: 0 };
  const methods = ["GET", "HEAD", "PUT", "POST", "DELETE"] as const;
  for (const method of methods) {
    counts[method] = requests.filter((request) => request.method === method).length;
  }
  return counts;
}

function byTag(entries: readonly object[]): object[] {
  const tagOf = (entry: object): string => ("tag" in entry ? String(entry.tag) : "");
  return entries.toSorted((a, b) => (tagOf(a) < tagOf(b) ? -1 : 1));
}
