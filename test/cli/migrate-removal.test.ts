import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import { leaseTag } from "../../src/stages/lease.ts";
import { EVERYTHING, OWN_OF_SOURCE, openMigrations } from "./migrate-world.ts";
import type { Migrations } from "./migrate-world.ts";

let open: Migrations;

beforeEach(async () => void (open = await openMigrations()));
afterEach(() => open[Symbol.asyncDispose]());

const REMOVE = ["--remove-source", "--yes", "--without-kube"];

it("what was proved goes from the source, is written down, and comes back", async () => {
  const { world, out } = open;
  const before = world.tags();

  const { exit, stderr, told } = await open.json(
    ["migrate"],
    [...REMOVE, "--journal", `${world.root}/journal`],
  );

  expect(stderr).toBe("");
  expect(exit).toBe(0);
  expect(Object.keys(world.tags()).toSorted()).toEqual([...OWN_OF_SOURCE, "notes"].toSorted());
  const { removal, verification } = told.repositories[0];
  expect(removal).toMatchObject({ kept: [], failed: [] });
  expect(removal.deleted.length).toBe(verification.proved);
  expect(await readFile(removal.journals[0], "utf8")).toContain(world.tag("s1"));
  expect(await open.tagsAt(out)).toEqual(removal.deleted);
  const back = await world.runRaw([
    "restore",
    removal.journals[0],
    "--repo",
    world.address,
    "--quiet",
  ]);
  expect(back.exit).toBe(0);
  expect(world.tags()).toEqual(before);
});

it("what a tag needs that was not copied stays", async () => {
  const { world } = open;

  const { exit, told } = await open.json(["migrate"], [...REMOVE, "--class", "stage"]);

  expect(exit).toBe(0);
  const { deleted, kept } = told.repositories[0].removal;
  // Two have an index and a signature that stay, and one a record of its own.
  expect(world.tags()).toMatchObject({
    [world.tag("s1")]: expect.anything(),
    [world.tag("s3")]: expect.anything(),
  });
  expect(kept.map(({ tag }: { tag: string }) => tag)).toEqual(
    expect.arrayContaining([world.tag("s1"), world.tag("s3")]),
  );
  expect(deleted).not.toContain(world.tag("s2"));
});

it("every repository of a namespace keeps its path, and what is told of it", async () => {
  const { world } = open;
  const [host = ""] = world.address.split("/");
  const web = world.other("acme/web");
  web.copy(world.tag("s1"), "v1");
  const sides = ["--from", `${host}/acme/`, "--to", `oci:${world.root}/many/`];

  const { exit, told } = await open.json(["migrate"], [...sides, "--foreign", ...REMOVE]);

  expect(exit).toBe(0);
  expect(told.repositories.map(({ to }: { to: string }) => to)).toEqual([
    `oci:${world.root}/many/shop`,
    `oci:${world.root}/many/web`,
  ]);
  expect(told.repositories[1].removal).toMatchObject({ deleted: ["v1"], kept: [] });
  expect(web.tags()).toEqual({});
  expect(Object.keys(world.tags()).toSorted()).toEqual(OWN_OF_SOURCE);
});

it("what a cluster uses of the source stays there, and is said", async () => {
  const { world } = open;
  await using cluster = await startCluster();
  const image = `${world.address}:${world.tag("s2")}`;
  await cluster.put(workload("Deployment", "web", image, "shop"));

  const asked = ["--remove-source", "--yes", "--kube-config", cluster.kubeconfig.path];
  const run = await open.run(["migrate"], asked);

  expect(run.exit).toBe(0);
  expect(Object.keys(world.tags())).toEqual(
    expect.arrayContaining([world.tag("s2"), world.tag("base")]),
  );
  expect(Object.keys(world.tags())).not.toContain(world.tag("s3"));
  expect(run.stdout).toContain("Deployment/web uses it");
});

it("a cluster that cannot be asked ends the run before anything is copied", async () => {
  const { world } = open;
  const cluster = await startCluster();
  const { path } = cluster.kubeconfig;
  const asked = ["--remove-source", "--yes", "--kube-config", path];
  const unreachable = ["--kube-api-server", "https://127.0.0.1:9", ...asked];

  const run = await open.run(["migrate"], unreachable);

  expect(run.exit).toBe(3);
  expect((await open.runAny(["stages", "ls", "--repo", open.out])).exit).toBe(2);
  expect(world.mutations()).toEqual([]);
  await cluster[Symbol.asyncDispose]();
});

it("a guard leaves the source as it is after a whole copy, with its exit code", async () => {
  const { world, out } = open;
  world.push(world.recordOf("lease", {}), leaseTag("0123456789abcdef", 0));
  const before = world.tags();

  const run = await open.run(["migrate"], REMOVE);

  expect(run.exit).toBe(4);
  expect(run.stderr).toContain(`nothing was removed from ${world.address}: `);
  expect(run.stderr).toContain("--allow lease-unreadable lets this run through");
  expect(world.tags()).toEqual(before);
  expect(await open.tagsAt(out)).toContain(world.tag("s1"));
});

it("a deletion that fails is told, and the next run takes up what is left", async () => {
  await using broken = await openMigrations({
    ...EVERYTHING,
    faults: [
      {
        when: ({ method, path }) => method === "DELETE" && path.includes("/manifests/"),
        // The first of them only asks whether anything may be deleted.
        times: 2,
        fault: { kind: "status", status: 400 },
      },
    ],
  });
  const { world } = broken;

  const first = await broken.json(["migrate"], REMOVE);
  const second = await broken.json(["migrate"], REMOVE);

  expect(first.exit).toBe(1);
  expect(second.exit).toBe(0);
  expect(second.told.counts).toMatchObject({ blobsSent: 0, manifestsSent: 0 });
  expect(Object.keys(world.tags()).toSorted()).toEqual([...OWN_OF_SOURCE, "notes"].toSorted());
});

describe("on a terminal", () => {
  it.each([
    ["yes\n", 0],
    ["no\n", 4],
  ])("the answer %j ends with %i", async (typed, exit) => {
    const { world, out } = open;
    const before = world.tags();

    const asked = await open.run(["migrate"], ["--remove-source", "--without-kube"], typed);

    expect(asked.exit).toBe(exit);
    expect(asked.stderr).toContain(
      `What ${out} is then seen to have whole is removed from ${world.address}. Type yes to go on:`,
    );
    const isSame = JSON.stringify(world.tags()) === JSON.stringify(before);
    expect(isSame).toBe(exit !== 0);
  });
});
