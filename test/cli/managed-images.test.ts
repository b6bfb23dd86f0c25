import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";
import type { Run } from "./run.ts";

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

describe("managed-images", () => {
  it("adds names and lists them, one a line", async () => {
    const added = await managed("add", ["shop", "web/api", "~"]);

    expect(added).toMatchObject({ exit: 0 });
    expect(added.stdout).toBe("shop: was recorded already\nweb/api: recorded\n~: recorded\n");
    expect((await managed("ls", [])).stdout).toBe("~\nshop\nweb/api\n");
    expect(world.tags()).toHaveProperty("managed-image-web__slash__api");
    expect(world.tags()).toHaveProperty("managed-image-__nameless__");
  });

  it("never gives two names one manifest", async () => {
    await managed("add", ["a", "b", "c"]);

    const digests = ["a", "b", "c"].map((name) => world.tags()[`managed-image-${name}`]);
    expect(new Set(digests).size).toBe(3);
  });

  it("writes a record that names the project", async () => {
    await managed("add", ["web"]);
    const other = await world.run(["cleanup", "--dry-run", "--output", "json", "--quiet"]);

    expect(JSON.parse(other.stdout).warnings).toEqual([]);
    expect((await managed("ls", ["--output", "json"])).stdout).toContain('"name":"web"');
  });

  it("removes names after writing them into the journal", async () => {
    await managed("add", ["web"]);

    const run = await managed("rm", [
      "web",
      "--journal",
      `${world.root}/journal`,
      "--output",
      "json",
    ]);

    expect(run.exit).toBe(0);
    expect(world.tags()).not.toHaveProperty("managed-image-web");
    expect(world.tags()).toHaveProperty("managed-image-shop");
    const { journal } = JSON.parse(run.stdout);
    await world.runRaw(["restore", journal, "--repo", world.address, "--quiet"]);
    expect(world.tags()).toHaveProperty("managed-image-web");
  });

  it("removes nothing when one of the names is not there", async () => {
    const run = await managed("rm", ["shop", "shpo"]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain('has no record of "shpo"');
    expect(world.mutations()).toEqual([]);
  });

  it("changes nothing in a dry run", async () => {
    const run = await managed("rm", ["shop", "--dry-run"]);

    expect(run.stdout).toBe("managed-image-shop: would be removed\n");
    expect(world.mutations()).toEqual([]);
  });

  it("works in the repository of records where they are apart", async () => {
    const meta = world.other("acme/meta");

    await managed("add", ["web", "--meta-repo", meta.address]);

    expect(Object.keys(meta.tags())).toEqual(["managed-image-web"]);
    expect((await managed("ls", ["--meta-repo", meta.address])).stdout).toBe("web\n");
  });

  it("stops at the names of another project", async () => {
    await using other = await openWorld({ registry: { project: "zoo", stages: [], records: [] } });
    other.push(other.recordOf("managed-image-lion", { werf: "zoo" }), "managed-image-lion");

    const run = await other.runRaw([
      "managed-images",
      "add",
      "web",
      "--repo",
      other.address,
      "--dir",
      other.clone,
    ]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain('belongs to project "zoo"');
    expect(other.mutations()).toEqual([]);
  });
});

function managed(verb: string, words: readonly string[]): Promise<Run> {
  const where = ["--repo", world.address, "--dir", world.clone];
  return world.runRaw(["managed-images", verb, ...words, ...where, "--quiet"]);
}
