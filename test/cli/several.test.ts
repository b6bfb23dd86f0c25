import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

describe("a cleanup of every repository of a namespace", () => {
  it("cleans each by the same policy, and leaves its neighbours", async () => {
    copyTo("acme/shop/backend");
    copyTo("acme2/shop");

    const run = await cleanAll("acme/");

    const report = JSON.parse(run.stdout);
    expect(run.exit).toBe(0);
    expect(tagsOf("acme/shop")).toEqual(tagsOf("acme/shop/backend"));
    expect(tagsOf("acme/shop")).not.toContain(world.tag("s1"));
    expect(tagsOf("acme/shop")).toContain(world.tag("s3"));
    expect(tagsOf("acme2/shop")).toContain(world.tag("s1"));
    expect(report).toMatchObject({
      schema: 1,
      command: "cleanup",
      repository: `${world.registry.host}/acme`,
      summary: { repositories: 2, deleted: 8, failed: 0 },
      repositories: [{ repository: world.address }, { repository: `${world.address}/backend` }],
    });
  });

  it("means the whole registry when it is a host alone", async () => {
    copyTo("acme2/shop");

    const run = await cleanAll("", ["--dry-run"]);

    expect(JSON.parse(run.stdout).summary).toMatchObject({ repositories: 2, deleted: 8 });
    expect(world.mutations()).toEqual([]);
  });

  it("changes none of them when a guard objects to one", async () => {
    copyTo("acme/zoo", (tag) => !tag.startsWith("meta-"));

    const run = await cleanAll("acme/");

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toContain("acme/zoo: ");
    expect(world.mutations()).toEqual([]);
  });

  it("is refused where no repository lies", async () => {
    const run = await cleanAll("nobody/");

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain("no repository lies at or below");
  });

  it("has no single plan to save", async () => {
    const run = await cleanAll("acme/", ["--plan-out", "plan.json"]);

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain("--plan-out holds the plan of one repository");
  });
});

describe("images beside stages", () => {
  it("are cleaned in every repository below the address in multirepo, which is what auto chooses here", async () => {
    copyTo("images/shop/api");
    copyTo("images/shop/ui");
    copyTo("images/other");
    const { host } = world.registry;

    const run = await clean(["--stages-storage", world.address, "-i", `${host}/images/shop`]);

    expect(run.exit).toBe(0);
    expect(namesIn(run.stdout)).toEqual(["acme/shop", "images/shop/api", "images/shop/ui"]);
    expect(tagsOf("images/shop/api")).toEqual(tagsOf("acme/shop"));
    expect(tagsOf("images/other")).toContain(world.tag("s1"));
  });

  it("are cleaned in one repository in monorepo", async () => {
    copyTo("images");
    copyTo("images/deeper");
    const images = `${world.registry.host}/images`;

    const run = await clean(["--images-repo-mode", "monorepo"], {
      TIDEMARK_IMAGES_REPO: images,
      WERF_STAGES_STORAGE: world.address,
    });

    expect(namesIn(run.stdout)).toEqual(["acme/shop", "images"]);
  });

  it.each([
    [["-i", "REG", "--images-repo-mode", "monorepo"], "monorepo puts all images into one"],
    [
      ["-i", "REG/a", "--images-repo-mode", "both"],
      "Allowed choices are auto, multirepo, monorepo",
    ],
    [["-s", "REG/a", "--repo", "REG/b"], "another name of --repo"],
  ])("%j is refused in one line", async (args, why) => {
    const { host } = world.registry;

    const run = await clean(args.map((word) => word.replace("REG", host)));

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    expect(run.stderr).toContain(why);
    expect(world.mutations()).toEqual([]);
  });
});

it("a command for one repository refuses a namespace", async () => {
  const address = `${world.registry.host}/acme/`;
  const run = await world.runRaw(["explain", "latest", "--repo", address, "--without-kube"]);

  expect(run.exit).toBe(2);
  expect(run.stderr).toContain("only cleanup works on several");
});

function clean(args: readonly string[], env = {}): ReturnType<World["runRaw"]> {
  const how = ["--dir", world.clone, "--without-kube", "--output", "json", "--quiet"];
  return world.runRaw(["cleanup", ...args, ...how], { env });
}

function namesIn(stdout: string): string[] {
  const { repositories }: { repositories: { repository: string }[] } = JSON.parse(stdout);
  return repositories.map(({ repository }) => repository.replace(`${world.registry.host}/`, ""));
}

function cleanAll(below: string, more: readonly string[] = []): ReturnType<World["runRaw"]> {
  const address = below === "" ? world.registry.host : `${world.registry.host}/${below}`;
  const how = ["--dir", world.clone, "--without-kube", "--output", "json", "--quiet"];
  return world.runRaw(["cleanup", "--repo", address, ...how, ...more]);
}

function copyTo(name: string, wanted: (tag: string) => boolean = () => true): void {
  const { repositories } = world.registry.state;
  const from = repositories.get("acme/shop") ?? createRepository();
  repositories.set(name, {
    manifests: new Map(from.manifests),
    tags: new Map([...from.tags].filter(([tag]) => wanted(tag))),
    blobs: new Map(from.blobs),
    uploads: new Map(),
  });
}

function tagsOf(name: string): string[] {
  return [...(world.registry.state.repositories.get(name)?.tags.keys() ?? [])].sort();
}
