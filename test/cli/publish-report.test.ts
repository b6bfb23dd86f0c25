import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { platforms } from "../sources/images.ts";
import { openPublishWorld } from "./publish-world.ts";
import type { PublishWorld } from "./publish-world.ts";

it.each(["report.json", "report.env", "report"])("saves %s, and uses it", async (name) => {
  await using world = await openPublishWorld();
  await world.publish([...(await threeImages(world)), ...saving(world, name)]);
  const published = world.fresh();

  const run = await world.publish([
    "--use-build-report",
    "--build-report-path",
    join(world.root, name),
    "--add-custom-tag",
    "%image_safe_slug%-latest",
    "--output",
    "json",
  ]);

  const { images, records, customTags } = JSON.parse(run.stdout);
  expect(run).toMatchObject({ exit: 0 });
  expect(images.map((image: { name: string }) => image.name)).toEqual(["", "api", "web"]);
  expect(records).toMatchObject({ written: [] });
  expect(customTags).toHaveLength(3);
  expect(world.fresh().filter((tag) => !published.includes(tag))).toHaveLength(6);
  expect(
    (await stat(join(world.root, name.includes(".") ? name : "report.json"))).mode & 0o777,
  ).toBe(0o644);
});

it("records what it uses for the commit that is checked out", async () => {
  await using world = await openPublishWorld();
  await world.publish([...(await threeImages(world)), ...saving(world, "r.json"), "--without-git"]);

  const run = await world.publish([
    "--use-build-report",
    "api",
    "--build-report-path",
    join(world.root, "r.json"),
  ]);

  expect(run).toMatchObject({ exit: 0 });
  expect(world.fresh().filter((tag) => tag.includes(world.head))).toHaveLength(1);
});

it("uses a report of a final repository", async () => {
  await using world = await openPublishWorld();
  const final = world.other("acme/final");
  const words = ["--final-repo", final.address, ...saving(world, "r.json")];
  await world.publish([...(await threeImages(world)), ...words, "--not-final", "web"]);

  const run = await world.publish([
    "--use-build-report",
    "--build-report-path",
    join(world.root, "r.json"),
    "--final-repo",
    final.address,
    "--add-custom-tag",
    "%image_safe_slug%",
  ]);

  expect(run).toMatchObject({ exit: 0 });
  expect(Object.keys(final.tags())).toContain("api");
  expect(Object.keys(final.tags())).not.toContain("web");
});

it.each([
  [
    "an image that is gone",
    (world: PublishWorld) => {
      for (const tag of world.fresh()) if (/^[0-9a-f]{56}/.test(tag)) world.remove(tag);
    },
    "is not there any more",
  ],
  [
    "an image that is another",
    (world: PublishWorld) => {
      for (const tag of world.fresh())
        if (/^[0-9a-f]{56}/.test(tag)) world.push(world.recordOf(tag, {}), tag);
    },
    "publish it again",
  ],
])("refuses %s", async (_, change, why) => {
  await using world = await openPublishWorld();
  await world.publish([...(await threeImages(world)), ...saving(world, "r.json")]);
  change(world);
  const before = world.mutations().length;

  const run = await world.publish([
    "--use-build-report",
    "--build-report-path",
    join(world.root, "r.json"),
  ]);

  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(run.stderr).toContain(why);
  expect(world.mutations()).toHaveLength(before);
});

it("refuses the report of another repository", async () => {
  await using world = await openPublishWorld();
  await world.publish([...(await threeImages(world)), ...saving(world, "r.json")]);

  const run = await world.runRaw([
    "publish",
    "--use-build-report",
    "--build-report-path",
    join(world.root, "r.json"),
    "--repo",
    world.other("acme/other").address,
    "--dir",
    world.clone,
  ]);

  expect(run).toMatchObject({ exit: 4 });
  expect(run.stderr).toContain("acme/other");
});

it("refuses a report that cannot be read, that is none, or that lacks an image", async () => {
  await using world = await openPublishWorld();
  const path = join(world.root, "r.json");
  const use = ["--use-build-report", "--build-report-path", path];

  const missing = await world.publish(use);
  await writeFile(path, "{}");
  const broken = await world.publish(use);
  await world.publish([...(await threeImages(world)), ...saving(world, "r.json")]);
  const lacking = await world.publish([...use, "other"]);

  expect([missing.exit, broken.exit, lacking.exit]).toEqual([2, 2, 2]);
  expect(missing.stderr).toContain("ENOENT");
  expect(broken.stderr).toContain("cannot be used: it is no build report");
  expect(lacking.stderr).toContain("has no image other");
});

it("leaves no report behind when the publishing fails", async () => {
  await using world = await openPublishWorld({
    faults: [
      {
        when: ({ method, path }) => method === "PUT" && path.includes("/manifests/managed-image"),
        fault: { kind: "status", status: 403, code: "DENIED" },
      },
    ],
  });

  const run = await world.publish([...(await threeImages(world)), ...saving(world, "r.json")]);

  expect(run).toMatchObject({ exit: 1, stdout: "" });
  expect(run.stderr).toContain("the images are published, but");
  expect(await readdir(world.root)).not.toEqual(
    expect.arrayContaining([expect.stringContaining("r.json")]),
  );
});

it.each([
  [["a-b", "a.b"], "r.env", "would both set the variable"],
  [["a-b"], "none/r.env", "cannot be written"],
])("refuses before anything is sent that %j cannot be told in %s", async (names, file, why) => {
  await using world = await openPublishWorld();
  const source = await world.source();

  const run = await world.publish([
    ...names.map((name) => `${name}=${source}`),
    ...saving(world, file),
  ]);

  expect(run).toMatchObject({ exit: 2 });
  expect(run.stderr).toContain(why);
  expect(world.registry.requests()).toEqual([]);
});

it("adds a table to the page of a job", async () => {
  await using world = await openPublishWorld();
  const page = join(world.root, "page.md");

  await world.publish(await threeImages(world), { env: { GITHUB_STEP_SUMMARY: page } });

  const text = await readFile(page, "utf8");
  expect(text).toContain("### Images of shop");
  expect(text).toContain("| ~ | uploaded (linux/amd64, linux/arm64) |");
});

async function threeImages(world: PublishWorld): Promise<string[]> {
  const [single, multi] = [
    await world.source(),
    await world.source(platforms("linux/amd64", "linux/arm64")),
  ];
  return [`web=${single}`, `api=${single}`, `~=${multi}`];
}

function saving(world: PublishWorld, name: string): string[] {
  return ["--save-build-report", "--build-report-path", join(world.root, name)];
}
