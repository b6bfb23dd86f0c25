import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorld, stage } from "./world.ts";
import type { OtherRepository, World } from "./world.ts";
import type { Run } from "./run.ts";

let world: World;
let final: OtherRepository;
let cache: OtherRepository;

beforeEach(async () => {
  world = await openWorld({
    registry: {
      stages: [stage("s1"), stage("s2"), stage("s3")],
      records: [
        ["shop", "c1", "s1"],
        ["shop", "c2", "s2"],
        ["shop", "c3", "s3"],
      ],
      foreign: [{ tag: "notes" }],
    },
  });
  final = world.other("acme/shop-final");
  cache = world.other("acme/shop-cache");
});
afterEach(() => world[Symbol.asyncDispose]());

describe("a final repository", () => {
  it("keeps exactly what the primary keeps, and what is nobody's stage", async () => {
    for (const id of ["s1", "s2", "s3"]) final.copy(world.tag(id));
    final.copy("notes");

    const run = await clean(["--final-repo", final.address]);

    expect(run.exit).toBe(0);
    expect(Object.keys(final.tags()).sort()).toEqual([world.tag("s3"), "notes"].sort());
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
    expect(world.tags()).toHaveProperty(world.tag("s3"));
    expect(JSON.parse(run.stdout).repositories).toMatchObject([
      { repository: world.address, role: "repo" },
      { repository: final.address, role: "final-repo", summary: { kept: 2, deleted: 2 } },
    ]);
  });

  it("tells that a copy stays for the stage in the primary", async () => {
    final.copy(world.tag("s3"));

    const run = await clean(["--final-repo", final.address, "--dry-run"]);

    const [, copy] = JSON.parse(run.stdout).repositories;
    expect(copy.kept).toMatchObject([
      {
        tag: world.tag("s3"),
        reasons: [{ kind: "primary", of: `${world.address}:${world.tag("s3")}` }],
      },
    ]);
    expect(world.mutations()).toEqual([]);
  });

  it("is planned from its tags and what was read in the primary", async () => {
    for (const id of ["s1", "s2", "s3"]) final.copy(world.tag(id));

    await clean(["--final-repo", final.address, "--dry-run"]);

    const asked = world.registry.requests().filter(({ path }) => path.includes("shop-final"));
    expect(asked.filter(({ path }) => path.includes("/tags/list"))).toHaveLength(1);
    expect(
      asked.filter(({ method, path }) => method === "GET" && /manifests|blobs/.test(path)),
    ).toEqual([]);
  });

  it("loses a stage that the primary has no more, and keeps one that the keep list names", async () => {
    final.copy(world.tag("s1"));
    final.copy(world.tag("s2"));
    final.copy(world.tag("s3"));
    world.remove(world.tag("s1"));
    const keepList = `${world.root}/keep`;
    await writeFile(keepList, `${world.tag("s2")}\n`);

    await clean(["--final-repo", final.address, "--keep-list", keepList]);

    expect(Object.keys(final.tags()).sort()).toEqual([world.tag("s2"), world.tag("s3")].sort());
    expect(world.tags()).toHaveProperty(world.tag("s2"));
  });

  it("gets no record of the cleanup, which the primary has", async () => {
    final.copy(world.tag("s3"));

    await clean(["--final-repo", final.address]);

    expect(world.tags()).toHaveProperty("cleanup");
    expect(final.tags()).not.toHaveProperty("cleanup");
  });

  it("is not cleaned as a copy when it has records of its own", async () => {
    for (const tag of world.model.tags.keys()) final.copy(tag);

    const run = await clean(["--final-repo", final.address]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toContain(`${final.address}: it has records of its own`);
    expect(world.mutations()).toEqual([]);
  });

  it("keeps the stage in the primary when the copy could not be removed", async () => {
    await using broken = await openWorld({
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.includes("shop-final"),
          fault: { kind: "status", status: 400 },
          times: 99,
        },
      ],
    });
    const copy = broken.other("acme/shop-final");
    for (const id of ["s1", "s2", "s3"]) copy.copy(broken.tag(id));

    const run = await broken.run([
      "cleanup",
      "--final-repo",
      copy.address,
      "--output",
      "json",
      "--quiet",
    ]);

    expect(run.exit).toBe(1);
    expect(Object.keys(copy.tags())).toHaveLength(3);
    expect(broken.tags()).toHaveProperty(broken.tag("s1"));
    expect(broken.tags()).toHaveProperty(broken.tag("s2"));
  });
});

describe("other runs", () => {
  it("that clean the primary keep a final repository from being changed, too", async () => {
    await using busy = await openWorld({
      registry: {
        stages: [stage("s1"), stage("s3")],
        records: [
          ["shop", "c1", "s1"],
          ["shop", "c3", "s3"],
        ],
        leases: [{ id: "other", kind: "cleanup", until: "+1h", stages: [] }],
      },
    });
    const copy = busy.other("acme/final");
    for (const id of ["s1", "s3"]) copy.copy(busy.tag(id));

    const run = await busy.run(["cleanup", "--final-repo", copy.address, "--quiet"]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain("build-3");
    expect(Object.keys(copy.tags())).toHaveLength(2);
    expect(busy.tags()).toHaveProperty(busy.tag("s1"));
  });

  it("that publish keep the stages they are about to use, also where only a copy has them", async () => {
    await using busy = await openWorld({
      registry: {
        stages: [stage("s1"), stage("s2"), stage("s3")],
        records: [["shop", "c3", "s3"]],
        leases: [{ id: "other", kind: "publish", until: "+1h", stages: ["s1"] }],
      },
    });
    const copy = busy.other("acme/cache");
    for (const id of ["s1", "s2", "s3"]) copy.copy(busy.tag(id));
    busy.remove(busy.tag("s1"));

    const run = await busy.run(["cleanup", "--cache-repo", copy.address, "--quiet"]);

    expect(run.exit).toBe(0);
    expect(Object.keys(copy.tags()).sort()).toEqual([busy.tag("s1"), busy.tag("s3")].sort());
  });
});

describe("custom tags in a final repository", () => {
  beforeEach(async () => {
    await world[Symbol.asyncDispose]();
    world = await openWorld({
      registry: {
        stages: [stage("s1"), stage("s2"), stage("s3")],
        records: [
          ["shop", "c1", "s1"],
          ["shop", "c2", "s2"],
          ["shop", "c3", "s3"],
        ],
        customTags: { "pr-1": "s1", "pr-2": "s2", latest: "s3" },
      },
    });
    final = world.other("acme/shop-final");
    for (const tag of ["pr-1", "pr-2", "latest"]) {
      world.remove(tag);
      final.copy(tag);
    }
    for (const id of ["s1", "s2", "s3"]) final.copy(world.tag(id));
  });

  it("go with their stage and their record in the primary", async () => {
    const run = await clean(["--final-repo", final.address]);

    expect(run.exit).toBe(0);
    expect(Object.keys(final.tags()).sort()).toEqual([world.tag("s3"), "latest"].sort());
    expect(recordsIn(world)).toEqual(["custom-tag-meta-latest"]);
  });

  it("stay when somebody moved them", async () => {
    final.copy(world.tag("s3"), "pr-1");

    await clean(["--final-repo", final.address]);

    expect(final.tags()).toHaveProperty("pr-1");
    expect(final.tags()).not.toHaveProperty("pr-2");
  });

  it("are explained where they lie, by the stage they stand for", async () => {
    const words = ["explain", "latest", "--final-repo", final.address, "--output", "json"];

    const explanation = JSON.parse((await world.run(words)).stdout);

    expect(explanation).toMatchObject({ repository: final.address, verdict: "kept" });
    expect(JSON.stringify(explanation)).toContain(`${world.address}:${world.tag("s3")}`);
  });

  it("stay with a stage that lies in the primary alone", async () => {
    final.remove(world.tag("s3"));
    final.remove(world.tag("s2"));

    await clean(["--final-repo", final.address, "--allow", "nothing-kept"]);

    expect(Object.keys(final.tags())).toEqual(["latest"]);
    expect(recordsIn(world)).toEqual(["custom-tag-meta-latest"]);
  });

  it("are nobody's without a record, so they stay", async () => {
    world.remove("custom-tag-meta-pr-1");

    await clean(["--final-repo", final.address]);

    expect(final.tags()).toHaveProperty("pr-1");
    expect(final.tags()).not.toHaveProperty("pr-2");
  });
});

describe("caches and secondary repositories", () => {
  it("every cache keeps what stays in the primary, and a secondary repository is not asked at all", async () => {
    const more = world.other("acme/more-cache");
    const secondary = world.other("acme/secondary");
    for (const id of ["s1", "s2", "s3"]) {
      for (const copy of [cache, more, secondary]) copy.copy(world.tag(id));
    }

    const run = await clean(["--cache-repo", cache.address, "--cache-repo", more.address], {
      WERF_SECONDARY_REPO_1: secondary.address,
    });

    expect(run.exit).toBe(0);
    expect(Object.keys(cache.tags())).toEqual([world.tag("s3")]);
    expect(Object.keys(more.tags())).toEqual([world.tag("s3")]);
    expect(Object.keys(secondary.tags())).toHaveLength(3);
    expect(world.registry.requests().filter(({ path }) => path.includes("secondary"))).toEqual([]);
  });

  it("a stage that the primary could not lose stays in a cache too", async () => {
    await using broken = await openWorld({
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.includes("acme/shop/"),
          fault: { kind: "status", status: 400 },
          times: 99,
        },
      ],
    });
    const copy = broken.other("acme/cache");
    for (const id of ["s1", "s2", "s3"]) copy.copy(broken.tag(id));

    const run = await broken.run(["cleanup", "--cache-repo", copy.address, "--quiet"]);

    expect(run.exit).toBe(1);
    expect(Object.keys(copy.tags())).toHaveLength(3);
  });

  it("changes none of them when a guard objects to one", async () => {
    cache.copy(world.tag("s1"));
    final.copy(world.tag("s1"));
    final.copy(world.tag("s3"));

    const run = await clean(["--cache-repo", cache.address, "--final-repo", final.address]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(run.stderr).toContain(`${cache.address}: 1 stage would go and not one would stay`);
    expect(world.mutations()).toEqual([]);
  });

  it.each([
    [["--final-repo", "REPO"], "--repo and --final-repo both name"],
    [["--cache-repo", "REG/a", "--secondary-repo", "REG/a"], "--cache-repo and --secondary-repo"],
    [["--cache-repo", "REG/a", "--plan-out", "plan.json"], "--plan-out holds the plan of one"],
    [["--final-repo", "REG/"], "--final-repo REG/ names no repository"],
  ])("%j is refused in one line", async (words, why) => {
    const place = (text: string): string =>
      text.replace("REPO", world.address).replace("REG", world.registry.host);

    const run = await clean(words.map(place));

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(place(why));
    expect(world.mutations()).toEqual([]);
  });
});

describe("records in a repository of their own", () => {
  let meta: OtherRepository;

  beforeEach(() => {
    meta = world.other("acme/shop-meta");
    for (const tag of world.model.tags.keys()) {
      if (!/^(?:meta|managed-image)-/.test(tag)) continue;
      meta.copy(tag);
      world.remove(tag);
    }
  });

  it("decide what stays, and go there", async () => {
    const run = await clean(["--meta-repo", meta.address]);

    expect(run.exit).toBe(0);
    expect(Object.keys(world.tags()).sort()).toEqual([world.tag("s3"), "notes"].sort());
    const records = Object.keys(meta.tags());
    expect(records.filter((tag) => tag.startsWith("meta-"))).toEqual([
      expect.stringContaining(world.tag("s3")),
    ]);
    expect(records).toContain("cleanup");
    expect(records).toContain("managed-image-shop");
  });

  it("are told by a plan that is applied later", async () => {
    const plan = `${world.root}/plan.json`;
    await clean(["--meta-repo", meta.address, "--dry-run", "--plan-out", plan]);

    const run = await world.run(["apply", plan, "--meta-repo", meta.address, "--quiet"]);

    expect(run.exit).toBe(0);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
    expect(Object.keys(meta.tags()).filter((tag) => tag.startsWith("meta-"))).toHaveLength(1);
  });

  it("tell why a stage stays", async () => {
    const run = await world.run([
      "explain",
      world.tag("s3"),
      "--meta-repo",
      meta.address,
      "--output",
      "json",
    ]);

    expect(run.exit).toBe(0);
    expect(run.stdout).toContain("git-policy");
  });

  it("leave nothing to do for a second run", async () => {
    await clean(["--meta-repo", meta.address]);

    const again = await clean(["--meta-repo", meta.address]);

    expect(JSON.parse(again.stdout).summary).toMatchObject({ deleted: 0, failed: 0, skipped: 0 });
  });

  it("are looked for in vain without the option, and a guard stops", async () => {
    const run = await clean([]);

    expect(run.exit).toBe(4);
    expect(world.mutations()).toEqual([]);
  });

  it("stay with a stage that could not be removed", async () => {
    await using broken = await openWorld({
      faults: [
        {
          when: ({ method, path }) => method === "DELETE" && path.includes("acme/shop/"),
          fault: { kind: "status", status: 400 },
          times: 99,
        },
      ],
    });
    const apart = broken.other("acme/meta");
    for (const tag of broken.model.tags.keys()) {
      if (!/^(?:meta|managed-image)-/.test(tag)) continue;
      apart.copy(tag);
      broken.remove(tag);
    }

    const run = await broken.run(["cleanup", "--meta-repo", apart.address, "--quiet"]);

    expect(run).toMatchObject({ exit: 1 });
    expect(Object.keys(apart.tags()).filter((tag) => tag.startsWith("meta-"))).toHaveLength(3);
  });

  it("leave tags alone that are no records, though they share a manifest with one", async () => {
    const [record = ""] = Object.keys(meta.tags()).filter((tag) => tag.includes(world.tag("s1")));
    meta.copy(record, "somebody-elses");
    meta.copy(world.tag("s1"));

    const run = await clean(["--meta-repo", meta.address]);

    expect(run.exit).toBe(0);
    expect(meta.tags()).toHaveProperty("somebody-elses");
    expect(meta.tags()).not.toHaveProperty(record);
    expect(meta.tags()).toHaveProperty(world.tag("s1"));
  });

  it("that lie in both go from both", async () => {
    for (const tag of Object.keys(meta.tags())) {
      const content = world.model.tags.get(tag);
      if (content !== undefined) world.push(content, tag);
    }

    await clean(["--meta-repo", meta.address]);

    const left = [...Object.keys(world.tags()), ...Object.keys(meta.tags())];
    expect(left.filter((tag) => tag.includes(world.tag("s1")))).toEqual([]);
  });

  it("are those that the marker names, else the run stops", async () => {
    world.push(
      world.recordOf("werf-meta-repo-marker-1", { metarepoaddress: meta.address }),
      "werf-meta-repo-marker-1",
    );
    const elsewhere = world.other("acme/elsewhere");
    elsewhere.copy("notes");

    const wrong = await clean(["--meta-repo", elsewhere.address]);
    const without = await clean([]);

    expect(wrong).toMatchObject({ exit: 4, stdout: "" });
    expect(wrong.stderr).toContain(`in ${meta.address}`);
    expect(without.exit).toBe(4);
    expect(without.stderr).toContain(`${meta.address}; cleaning it needs --meta-repo`);
    expect(world.mutations()).toEqual([]);
    expect((await clean(["--meta-repo", meta.address])).exit).toBe(0);
  });
});

function clean(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return world.run(["cleanup", ...args, "--output", "json", "--quiet"], { env });
}

function recordsIn({ tags }: World): string[] {
  return Object.keys(tags()).filter((tag) => tag.startsWith("custom-tag-meta-"));
}
