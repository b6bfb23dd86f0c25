import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../scenarios/content.ts";
import type { Content } from "../scenarios/content.ts";
import { LAST_OF_MAIN, openWorld } from "./world.ts";
import type { World } from "./world.ts";

const REVISION = "org.opencontainers.image.revision";

/** A project without werf: every image is some tool's. */
const RULES = [
  { name: "builds", tags: "/(?P<image>web|api)-(?P<commit>[0-9a-f]{7,40})/" },
  {
    name: "releases",
    tags: "/v[0-9].*/",
    image: "web",
    keep: [{ semver: ">=1.0.0", per: "minor", last: 1 }],
  },
  { name: "previews", tags: "/pr-[0-9]+/", gitHistory: false, keep: [{ in: "168h" }] },
];

let world: World;
beforeAll(async () => {
  world = await openWorld({
    cleanup: { ...LAST_OF_MAIN, rules: RULES },
    registry: { stages: [], records: [], managedImages: [], foreign: [{ tag: "notes" }] },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => {
  for (const tag of Object.keys(world.tags())) if (tag !== "notes") world.remove(tag);
  const [c1, c2, c3] = ["c1", "c2", "c3"].map((id) => world.remote.commitOf(id));
  world.push(image("a"), `web-${c3}`);
  world.push(image("b"), `web-${c2?.slice(0, 10)}`);
  world.push(image("c", { [REVISION]: c3 ?? "" }), "v0.9.0");
  world.push(image("d", { [REVISION]: c1 ?? "" }), "v1.2.3");
  world.push(image("e", { [REVISION]: c1 ?? "" }), "v1.2.2");
  world.push(platforms("f", c1 ?? ""), "v1.1.0");
  world.push(platforms("g", c1 ?? ""), "v1.1.0-rc.1");
  const old = image("h", {}, daysAgo(9));
  world.push(old, "pr-1");
  world.push(image("i", {}, daysAgo(1)), "pr-2");
  world.push(image("j", {}, "1970-01-01T00:00:00Z"), "pr-3");
  world.push(old, "latest");
});

describe("a repository that werf never saw", () => {
  it("is cleaned by the history, versions and ages, and what no rule claims stays", async () => {
    const run = await world.run(["cleanup"]);

    expect(run).toMatchObject({ exit: 0 });
    expect(Object.keys(world.tags()).sort()).toEqual([
      "cleanup",
      "latest",
      "notes",
      "pr-2",
      "pr-3",
      "v0.9.0",
      "v1.1.0",
      "v1.2.3",
      `web-${world.remote.commitOf("c3")}`,
    ]);
  });

  it("is left as it is by a second run", async () => {
    await world.run(["cleanup"]);
    const before = world.tags();

    const run = await world.run(["cleanup", "--output", "json"]);

    expect(JSON.parse(run.stdout)).toMatchObject({ summary: { deleted: 0 }, warnings: [] });
    expect({ ...world.tags(), cleanup: "" }).toEqual({ ...before, cleanup: "" });
  });

  it("says what it does beforehand, and changes nothing", async () => {
    const before = world.tags();

    const run = await world.run(["cleanup", "--dry-run", "--output", "json"]);
    const { deleted, kept }: Report = JSON.parse(run.stdout);

    expect(world.tags()).toEqual(before);
    expect(deleted.map(({ tag, class: label, how }) => [tag, label, how])).toEqual([
      ["pr-1", "image", "tag"],
      ["v1.1.0-rc.1", "image", "manifest"],
      ["v1.2.2", "image", "manifest"],
      [`web-${world.remote.commitOf("c2").slice(0, 10)}`, "image", "manifest"],
    ]);
    expect(kept.find(({ tag }) => tag === "v1.2.3")).toMatchObject({
      class: "image",
      reasons: [
        {
          kind: "rule",
          rule: "releases",
          because: "version 1.2.3, in the range >=1.0.0, among the highest 1 of image web 1.2",
        },
      ],
    });
  });

  it("is cleaned by a plan that was saved", async () => {
    const plan = join(world.root, "plan.json");
    await world.run(["cleanup", "--dry-run", "--plan-out", plan]);
    world.push(image("k", {}, daysAgo(9)), "pr-4");

    const run = await world.run(["apply", plan]);

    expect(run).toMatchObject({ exit: 0 });
    expect(Object.keys(world.tags())).toContain("pr-4");
    expect(Object.keys(world.tags())).not.toContain("pr-1");
  });

  it("is explained", async () => {
    const kept = await world.run(["explain", "v0.9.0"]);
    const going = await world.run(["explain", "v1.2.2"]);

    expect(kept.stdout).toContain("keep policy 1: branch main has image web at commit");
    expect(going.stdout).toContain(
      "v1.2.2 would go, with its manifest, claimed by releases as image web: nothing needs it",
    );
  });

  it("is not cleaned when its images name commits of another history", async () => {
    for (const tag of Object.keys(world.tags())) if (tag !== "notes") world.remove(tag);
    world.push(image("a"), `web-${"9".repeat(40)}`);
    world.push(image("b"), "v1.0.0");
    const before = world.tags();

    const run = await world.run(["cleanup"]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain("names a commit of this Git history");
    expect(world.tags()).toEqual(before);
  });
});

it("warns of a rule that matches nothing", async () => {
  await using world = await openWorld({
    cleanup: { ...LAST_OF_MAIN, rules: [{ name: "typo", tags: "/relaese-.*/" }] },
  });

  const run = await world.run(["cleanup", "--dry-run"]);

  expect(run.stderr).toContain("warning: typo (/relaese-.*/) matches no tag");
});

it("names every mistake in a rule with its line", async () => {
  await using world = await openWorld({
    cleanup: {
      rules: [
        { tags: "/(?P<comit>x)/", keep: [{ last: "2" }, {}, { per: "minor", last: 1 }] },
        { keep: [{ semver: "1..2" }], kep: 1 },
      ],
    },
  });

  const run = await world.run(["cleanup", "--dry-run"]);

  expect(run.exit).toBe(2);
  expect(run.stderr.split("\n").map((line) => line.replace(/^.*?:[0-9]+:[0-9]+: /, ""))).toEqual([
    "cleanup.rules[0].tags: has the group comit (known are image, commit, version)",
    "cleanup.rules[0].keep[0].last: is no whole number",
    "cleanup.rules[0].keep[1]: says nothing (write last, in, semver, tags or withoutCommit)",
    'cleanup.rules[0].keep[2]: counts per major or minor version without semver (write semver: "*")',
    expect.stringMatching(/^cleanup\.rules\[1\]/),
    expect.stringMatching(/^cleanup\.rules\[1\]/),
    expect.stringMatching(/^cleanup\.rules\[1\]/),
    "",
  ]);
});

interface Report {
  readonly deleted: readonly {
    readonly tag: string;
    readonly class: string;
    readonly how: string;
  }[];
  readonly kept: readonly { readonly tag: string }[];
}

function image(
  layer: string,
  labels: Readonly<Record<string, string>> = {},
  created = daysAgo(30),
): Content {
  return imageOf({ media: "oci", created, labels, layer });
}

function platforms(layer: string, commit: string): Content {
  return indexOf("oci", [
    image(`${layer} amd64`, { [REVISION]: commit }),
    image(`${layer} arm64`, { [REVISION]: commit }),
  ]);
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}
