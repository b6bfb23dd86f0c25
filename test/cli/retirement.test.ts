import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { git } from "../scenarios/git.ts";
import { LAST_OF_MAIN, openWorld, stage } from "./world.ts";
import type { World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld({
    cleanup: { ...LAST_OF_MAIN, retireImagesAfter: "240h" },
    git: {
      commits: [
        { id: "c1", parents: [], committed: "-40d" },
        { id: "c2", committed: "-39d" },
        { id: "c3", committed: "-38d" },
      ],
      branches: { main: "c3" },
    },
    registry: {
      stages: [stage("old"), stage("web")],
      records: [
        ["old", "c2", "old"],
        ["web", "c3", "web"],
      ],
    },
  });
  const long = new Date(Date.now() - 60 * 86_400_000).toISOString();
  for (const name of ["old", "web"]) {
    const tag = `managed-image-${name}`;
    world.push(world.recordOf(tag, {}, long), tag);
  }
});
afterEach(() => world[Symbol.asyncDispose]());

describe("an image name that no configuration defines any more", () => {
  it("goes with its stages and records", async () => {
    await defineAt("main", "image: web\n");

    const run = await clean();

    expect(run.exit).toBe(0);
    expect(Object.keys(world.tags()).sort()).toEqual(
      [world.tag("web"), metaOf("web"), "managed-image-web", "cleanup"].sort(),
    );
  });

  it("is told as retired", async () => {
    await defineAt("main", "image: web\n");

    const run = await clean(["--dry-run"]);

    expect(
      JSON.parse(run.stdout)
        .deleted.map(({ tag }: { tag: string }) => tag)
        .sort(),
    ).toEqual([world.tag("old"), metaOf("old"), "managed-image-old"].sort());
    expect(world.mutations()).toEqual([]);
  });

  it("stays while a configuration cannot be read, and the warning says which", async () => {
    await defineAt("main", "image: {{ .name }}\n");

    const run = await clean();

    expect(world.tags()).toHaveProperty("managed-image-old");
    expect(world.tags()).toHaveProperty(world.tag("old"));
    expect(JSON.parse(run.stdout).warnings).toEqual([
      expect.stringContaining("cannot be read (branch main: image: {{ .name }} in werf.yaml"),
    ]);
  });

  it("stays while it is defined, and nothing is said", async () => {
    await defineAt("main", "image: web\n---\nimage: old\n");

    const run = await clean();

    expect(world.tags()).toHaveProperty("managed-image-old");
    expect(JSON.parse(run.stdout).warnings).toEqual([]);
  });

  it("stays when it is recorded anew", async () => {
    await defineAt("main", "image: web\n");
    world.push(world.recordOf("managed-image-old", {}), "managed-image-old");

    await clean();

    expect(world.tags()).toHaveProperty("managed-image-old");
  });
});

/** Commits a configuration on top of a branch of the remote. */
async function defineAt(branch: string, images: string): Promise<void> {
  const dir = `${world.root}/remote.git`;
  const old = (await git(dir, ["rev-parse", `refs/heads/${branch}`])).trim();
  const head = await git(dir, ["show", `${old}:werf.yaml`]);
  const stamp = `A <a@example.test> ${Math.floor(Date.now() / 1000) - 37 * 86_400} +0000`;
  const text = `${head}\n---\n${images}`;
  const stream = [
    `commit refs/heads/${branch}`,
    `committer ${stamp}`,
    "data 4",
    "next",
    `from ${old}`,
    "M 100644 inline werf.yaml",
    `data ${Buffer.byteLength(text)}`,
    text,
    "",
  ].join("\n");
  await git(dir, ["fast-import", "--quiet"], stream);
}

function clean(more: readonly string[] = []): ReturnType<World["run"]> {
  return world.run(["cleanup", "--output", "json", "--quiet", ...more]);
}

function metaOf(id: string): string {
  return Object.keys(world.tags()).find((tag) => isRecordOf(id, tag)) ?? `no record of ${id}`;
}

function isRecordOf(id: string, tag: string): boolean {
  return tag.startsWith("meta-") && tag.endsWith(world.tag(id));
}
