import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { OWN_OF_SOURCE, openMigrations } from "./migrate-world.ts";
import type { Migrations } from "./migrate-world.ts";

let open: Migrations;

beforeAll(async () => void (open = await openMigrations()));
afterEach(() => open.forget());
afterAll(() => open[Symbol.asyncDispose]());

it("an archive takes everything, and gives it back", async () => {
  const { world, out } = open;
  const archive = `archive:${join(world.root, "out", "shop.tar")}`;

  const into = await open.json(["migrate"], ["--to", archive, "--verify"]);
  const again = await open.json(["migrate"], ["--to", archive, "--verify"]);
  const back = await open.json(["migrate"], ["--from", archive, "--to", `${out}/back`, "--verify"]);

  expect([into.exit, again.exit, back.exit]).toEqual([0, 0, 0]);
  expect(again.told.counts).toMatchObject({ blobsSent: 0, manifestsSent: 0 });
  expect(await readdir(join(world.root, "out"))).toContain("shop.tar");
  expect(await open.tagsAt(`${out}/back`)).toEqual(await open.tagsAt(archive));
  const source = await open.cleanupAt(world.address);
  const isCopied = (tag: string): boolean => ![...OWN_OF_SOURCE, "notes"].includes(tag);
  expect(await open.cleanupAt(`${out}/back`)).toEqual({
    kept: source.kept.filter(isCopied),
    deleted: source.deleted.filter(isCopied),
  });
});

it("a dry run leaves no file where an archive would be", async () => {
  const { world } = open;
  const archive = `archive:${join(world.root, "out", "dry.tar")}`;

  const { exit } = await open.json(["migrate"], ["--to", archive, "--dry-run"]);

  expect(exit).toBe(0);
  await expect(readdir(join(world.root, "out"))).rejects.toMatchObject({ code: "ENOENT" });
});

it("nothing but a foreign tag makes an archive too", async () => {
  const { world } = open;
  const archive = `archive:${join(world.root, "out", "notes.tar")}`;

  const { exit, told } = await open.json(
    ["migrate"],
    ["--to", archive, "--foreign", "--class", "foreign"],
  );

  expect(exit).toBe(0);
  expect(told.summary.tags).toMatchObject({ copied: 1 });
  expect(await readdir(join(world.root, "out"))).toEqual(["notes.tar"]);
});

it("an archive that is not there is a mistake in its address", async () => {
  const { world } = open;
  const archive = `archive:${join(world.root, "none.tar")}`;

  const { exit, stderr } = await open.run(["migrate"], ["--from", archive]);

  expect(exit).toBe(2);
  expect(stderr).toContain(`there is no file ${join(world.root, "none.tar")}`);
});
