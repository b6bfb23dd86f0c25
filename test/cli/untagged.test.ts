import { join } from "node:path";
import { expect, it } from "vitest";
import { stageTag } from "../../src/stages/tag.ts";
import { image, index, open, push } from "../adapters/layout/fixture.ts";
import type { Content } from "../adapters/layout/fixture.ts";
import { imageOf } from "../scenarios/content.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

const STAGE = stageTag("a".repeat(56), Date.UTC(2026, 0, 1));
const KEPT = stageTag("b".repeat(56), Date.UTC(2026, 0, 1));

/** Two stages, one of them kept; a leftover index with its child; a signature of the stage that goes. */
async function fill(address: string): Promise<Record<string, Content>> {
  const repository = { host: "oci", name: address.slice("oci:".length) };
  await using registry = await open();
  const stage = image("stage");
  const kept = image("kept");
  const child = image("child");
  const leftover = index([child]);
  const signature = image("signature", {
    subject: { mediaType: stage.mediaType, digest: stage.digest, size: stage.bytes.length },
  });
  const bundle = index([kept]);
  await push(registry, repository, { content: stage, tag: STAGE });
  await push(registry, repository, { content: kept, tag: KEPT });
  for (const content of [child, leftover, signature]) {
    await push(registry, repository, { content });
  }
  await push(registry, repository, { content: bundle, tag: "bundle" });
  return { stage, kept, child, leftover, signature, bundle };
}

function run(world: World, address: string, more: readonly string[]): ReturnType<World["runRaw"]> {
  const where = ["--repo", address, "--dir", world.clone, "--without-kube", "--output", "json"];
  const young = ["--keep-stages-built-within-last-n-hours", "0"];
  const allowed = ["--allow", "unknown-history", "--allow", "nothing-kept"];
  return world.runRaw(["cleanup", ...where, ...young, ...allowed, ...more]);
}

async function digestsIn(address: string): Promise<Set<string>> {
  await using registry = await open();
  const repository = { host: "oci", name: address.slice("oci:".length) };
  const listed = await Array.fromAsync(registry.listManifests(repository));
  return new Set(listed.map(({ digest }) => digest));
}

it("a signature without a tag goes with its image, and leftovers only when asked", async () => {
  await using world = await openWorld();
  const address = `oci:${join(world.root, "images")}`;
  const { stage, kept, child, leftover, signature, bundle } = await fill(address);

  const first = await run(world, address, ["--gc-grace", "1000h"]);

  expect(first.exit).toBe(0);
  const report = JSON.parse(first.stdout);
  expect(report.deleted).toMatchObject([
    { tag: STAGE, digest: stage?.digest, class: "stage", how: "manifest" },
    { digest: signature?.digest, class: "untagged", how: "manifest", because: "subject-gone" },
  ]);
  const rest = [kept, child, leftover, bundle].map((content) => String(content?.digest));
  const left = await digestsIn(address);
  expect(rest.filter((digest) => !left.has(digest))).toEqual([]);
  expect(left).not.toContain(signature?.digest);

  const second = await run(world, address, ["--delete-untagged", "--gc-grace", "1000h"]);

  expect(second.exit).toBe(0);
  expect(JSON.parse(second.stdout).deleted).toMatchObject(
    [leftover, child]
      .map((content) => ({ digest: content?.digest, because: "untagged" }))
      .toSorted((a, b) => (String(a.digest) < String(b.digest) ? -1 : 1)),
  );
  const after = await digestsIn(address);
  expect(after).toContain(kept?.digest);
  expect(after).not.toContain(child?.digest);
});

it("the table counts manifests without a tag, and a dry run deletes none", async () => {
  await using world = await openWorld();
  const address = `oci:${join(world.root, "images")}`;
  await fill(address);
  const before = await digestsIn(address);

  const { stdout, exit } = await run(world, address, [
    "--delete-untagged",
    "--dry-run",
    "--output",
    "table",
  ]);

  expect(exit).toBe(0);
  expect(stdout).toMatch(/untagged manifests │ 0\s+│ 3/);
  expect(await digestsIn(address)).toEqual(before);
});

it("says where a registry does not tell its untagged manifests", async () => {
  await using world = await openWorld();

  const { stderr, exit } = await world.run(["cleanup", "--delete-untagged", "--dry-run"]);

  expect(exit).toBe(0);
  expect(stderr).toContain("does not tell which manifests have no tag");
});

it("a signature without its image is counted, and goes when asked", async () => {
  await using world = await openWorld();
  const tag = `sha256-${"9".repeat(64)}.sig`;
  const created = "2026-01-01T00:00:00Z";
  world.push(imageOf({ media: "oci", created, labels: { of: "nothing" } }), tag);

  const counted = await world.run(["cleanup"]);

  expect(counted.exit).toBe(0);
  expect(counted.stderr).toContain(`images that are not there: ${tag}; --delete-orphans removes`);
  expect(world.tags()).toHaveProperty([tag]);

  const asked = await world.run(["cleanup", "--delete-orphans"]);

  expect(asked.exit).toBe(0);
  expect(world.tags()).not.toHaveProperty([tag]);
});
