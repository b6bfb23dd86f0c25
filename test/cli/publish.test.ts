import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { imageOf } from "../scenarios/content.ts";
import { git } from "../scenarios/git.ts";
import { image, platforms } from "../sources/images.ts";
import { openPublishWorld } from "./publish-world.ts";

const STAGE = /^[0-9a-f]{56}-[0-9]{13}$/;
const INDEX = /^[0-9a-f]{56}$/;

describe("a publishing", () => {
  it("stores the image, and records its name and its commit", async () => {
    await using world = await openPublishWorld();

    const run = await world.publish([`backend=${await world.source()}`]);

    const [stage = "", name, record] = world.fresh();
    expect(run).toMatchObject({ exit: 0 });
    expect(stage).toMatch(STAGE);
    expect([name, record]).toEqual([
      "managed-image-backend",
      `meta-27dba8ed_${world.head}_${stage}`,
    ]);
    expect(run.stdout).toContain(`${world.address}:${stage}`);
    expect(run.stderr).toContain("2 records were written");
  });

  it("sends nothing the second time, and three requests at most", async () => {
    await using world = await openPublishWorld();
    const words = [`backend=${await world.source()}`, "--output", "json"];
    const first = JSON.parse((await world.publish(words)).stdout);
    const before = world.registry.requests().length;

    const second = JSON.parse((await world.publish(words)).stdout);

    const sent = world.registry.requests().slice(before);
    expect(second.images[0].digest).toBe(first.images[0].digest);
    expect(second.images[0].stages[0].source).toBe("reused");
    expect(second.records.written).toEqual([]);
    expect(sent.filter(({ path }) => path !== "/v2/" && path !== "/token").length).toBeLessThan(4);
  });

  it("records the index of several platforms, and tags it", async () => {
    await using world = await openPublishWorld();
    const source = await world.source(platforms("linux/amd64", "linux/arm64"));

    const run = await world.publish([`backend=${source}`, "--add-custom-tag", "latest"]);

    const index = world.fresh().find((tag) => INDEX.test(tag)) ?? "";
    expect(run).toMatchObject({ exit: 0 });
    expect(world.fresh().filter((tag) => STAGE.test(tag))).toHaveLength(2);
    expect(world.fresh()).toContain(`meta-27dba8ed_${world.head}_${index}`);
    expect(world.tags()["latest"]).toBe(world.tags()[index]);
  });

  it("leaves a repository that a cleanup takes nothing from but what it should", async () => {
    await using world = await openPublishWorld({
      cleanup: {
        keepPolicies: [{ references: { branch: "main" } }],
        disableBuiltWithinLastNHoursPolicy: true,
      },
    });
    await world.publish([
      `backend=${await world.source()}`,
      `~=${await world.source(platforms("linux/amd64", "linux/arm64"))}`,
      "--add-custom-tag",
      "%image_safe_slug%-latest",
      "--not-final",
      "~",
    ]);
    const published = world.fresh();

    const run = await world.run(["cleanup", "--output", "json", "--quiet"]);

    expect(run).toMatchObject({ exit: 0 });
    expect(Object.keys(world.tags())).toEqual(expect.arrayContaining(published));
    expect(JSON.parse(run.stdout).deleted).toEqual([]);
  });

  it("tells what it would do, and does nothing", async () => {
    await using world = await openPublishWorld();
    const words = [`backend=${await world.source()}`, "--dry-run", "--add-custom-tag", "%image%-1"];

    const told = await world.publish(words);
    const run = await world.publish([...words, "--output", "json"]);

    const { images, customTags } = JSON.parse(run.stdout);
    expect(images[0].stages[0].action).toBe("upload");
    expect(customTags).toEqual([{ image: "backend", template: "%image%-1", tag: "backend-1" }]);
    expect(told.stdout).toMatch(/would be uploaded[\s\S]*would be a custom tag[\s\S]*backend-1/);
    expect(world.mutations()).toEqual([]);
  });

  it("gives the one image the digest of its inputs and its platform", async () => {
    await using world = await openPublishWorld();
    const [one, other] = [join(world.root, "one"), join(world.root, "other")];
    await writeFile(one, "1");
    await writeFile(other, "2");
    const source = await world.source();
    const inputs = ["--digest-input", one, "--digest-input", other];
    const digestOf = async (words: readonly string[]): Promise<string> => {
      const run = await world.publish([...words, "--dry-run", "--output", "json"]);
      return JSON.parse(run.stdout).images[0].stages[0].stageDigest;
    };

    const digest = await digestOf([`a=${source}`, ...inputs]);
    const turned = await digestOf([`a=${source}`, "--digest-input", other, "--digest-input", one]);
    const arm = await world.source(image({ architecture: "arm64" }));

    expect(digest).toMatch(INDEX);
    expect(await digestOf([`b=${await world.source(image())}`, ...inputs])).toBe(digest);
    expect(await digestOf([`a=${arm}`, ...inputs])).not.toBe(digest);
    expect(turned).not.toBe(digest);
    expect(await digestOf([`a=${source}`, "--stage-digest", "ab".repeat(28)])).toBe(
      "ab".repeat(28),
    );
  });
});

describe("a stage of that digest, made of a Git commit", () => {
  const DIGEST = "ab".repeat(28);
  const STAGE_ID = `${DIGEST}-1700000000000`;
  const given = ["--stage-digest", DIGEST];

  it.each([
    ["of the history, is used", "c1", given, [STAGE_ID]],
    ["of another history, is passed over", "none", given, [STAGE_ID, "another"]],
    [
      "of another history, is used where nobody cares",
      "none",
      [...given, "--no-check-ancestry"],
      [STAGE_ID],
    ],
  ])("%s", async (_, commit, words, stages) => {
    await using world = await openPublishWorld();
    const id = commit === "none" ? "d".repeat(40) : world.remote.commitOf(commit);
    const labels = { "werf-stage-content-digest": DIGEST, "werf-git-x-commit": id };
    world.push(imageOf({ media: "oci", created: "-1d", labels, layer: "theirs" }), STAGE_ID);

    const run = await world.publish([`a=${await world.source()}`, ...words]);

    const there = Object.keys(world.tags()).filter((tag) => STAGE.test(tag));
    expect(run).toMatchObject({ exit: 0 });
    expect(there.map((tag) => (tag === STAGE_ID ? tag : "another")).toSorted()).toEqual(
      stages.toSorted(),
    );
  });
});

describe("records of commits", () => {
  it("tell of the branch too, where the job merged it for a test", async () => {
    await using world = await openPublishWorld({
      git: {
        commits: [
          { id: "base", parents: [], committed: "-12d" },
          { id: "branch", parents: ["base"], committed: "-11d" },
          { id: "c3", parents: ["base", "branch"], committed: "-10d" },
        ],
        branches: { main: "c3" },
      },
    });
    const env = {
      GITHUB_ACTIONS: "true",
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_SHA: world.head,
    };

    await world.publish([`backend=${await world.source()}`], { env });

    const commits = world
      .fresh()
      .flatMap((tag) => /^meta-[0-9a-f]+_([0-9a-f]+)_/.exec(tag)?.[1] ?? []);
    expect(commits.toSorted()).toEqual([world.head, world.remote.commitOf("branch")].toSorted());
  });

  it.each([
    [{ disable: true }, []],
    [{ disableGitHistoryBasedPolicy: true }, ["managed-image-backend"]],
  ])("are written where a cleanup looks for them: %j", async (cleanup, records) => {
    await using world = await openPublishWorld({ cleanup });

    await world.publish([`backend=${await world.source()}`]);

    expect(world.fresh().filter((tag) => !STAGE.test(tag))).toEqual(records);
  });

  it("are a warning where the registry refuses them", async () => {
    await using world = await openPublishWorld({
      faults: [
        {
          when: ({ method, path }) => method === "PUT" && path.includes("/manifests/meta-"),
          fault: { kind: "status", status: 403, code: "DENIED" },
        },
      ],
    });

    const run = await world.publish([`backend=${await world.source()}`], {
      env: { GITHUB_ACTIONS: "true" },
    });

    expect(run).toMatchObject({ exit: 0 });
    expect(run.stderr).toContain("warning: 1 record of an image at a commit was refused");
    expect(run.stderr).toContain("::warning title=tidemark publish::1 record of an image");
    expect(world.fresh()).toContain("managed-image-backend");
  });

  it("lie apart where the project's records do", async () => {
    await using world = await openPublishWorld();
    const apart = world.other("acme/records");

    await world.publish([
      `backend=${await world.source()}`,
      "--meta-repo",
      apart.address,
      "--add-custom-tag",
      "latest",
    ]);

    expect(world.fresh().filter((tag) => !STAGE.test(tag))).toEqual(["latest"]);
    expect(Object.keys(apart.tags()).map((tag) => tag.split("_")[0])).toEqual([
      "managed-image-backend",
      "meta-27dba8ed",
      "custom-tag-meta-latest",
    ]);
  });

  it("have room for a SHA-256 commit, whose image a cleanup keeps", async () => {
    await using world = await openPublishWorld();
    const dir = join(world.root, "sha256");
    await mkdir(dir);
    const cleanup = {
      keepPolicies: [{ references: { branch: "main" } }],
      disableBuiltWithinLastNHoursPolicy: true,
    };
    await git(dir, ["init", "--quiet", "--object-format=sha256", "--initial-branch=main"]);
    await writeFile(
      join(dir, "tidemark.yaml"),
      JSON.stringify({ configVersion: 1, project: "shop", cleanup }),
    );
    await git(dir, ["add", "."]);
    await git(dir, [
      "-c",
      "user.name=a",
      "-c",
      "user.email=a@example.test",
      "commit",
      "-qm",
      "one",
    ]);
    const where = ["--repo", world.address, "--dir", dir];

    const published = await world.runRaw(["publish", `backend=${await world.source()}`, ...where]);
    const tags = world.fresh();
    const cleaned = await world.runRaw(["cleanup", ...where, "--without-kube"]);

    expect(published).toMatchObject({ exit: 0 });
    expect(cleaned).toMatchObject({ exit: 0 });
    expect(tags.map((tag) => tag.length)).toEqual([70, 21, 125]);
    expect(Object.keys(world.tags())).toEqual(expect.arrayContaining(tags));
  });

  it("are not mixed with another project's, unless that is allowed", async () => {
    await using world = await openPublishWorld();
    const source = await world.source(image({ layers: ["another"] }));
    const words = [`backend=${source}`, "--project", "other"];
    await world.publish([`web=${await world.source()}`]);
    const before = world.fresh();

    const refused = await world.publish(words);
    const after = world.fresh();
    const allowed = await world.publish([...words, "--allow", "other-project"]);

    expect(refused).toMatchObject({ exit: 4 });
    expect(refused.stderr).toContain('belongs to project "shop"');
    expect(after).toEqual(before);
    expect(allowed).toMatchObject({ exit: 0 });
    expect(world.fresh()).toContain("managed-image-backend");
  });

  it("need a clone, or somebody who says that there is none", async () => {
    await using world = await openPublishWorld();
    const dir = join(world.root, "plain");
    await mkdir(dir);
    const words = ["publish", `a=${await world.source()}`, "--repo", world.address];
    const where = ["--dir", dir, "--project", "shop"];

    const refused = await world.runRaw([...words, ...where]);
    const taken = await world.runRaw([...words, ...where, "--without-git"]);

    expect(refused).toMatchObject({ exit: 2 });
    expect(refused.stderr).toContain("--without-git");
    expect(taken).toMatchObject({ exit: 0 });
    expect(world.fresh().filter((tag) => tag.startsWith("meta-"))).toEqual([]);
  });
});

describe("custom tags", () => {
  it("go to the final repository, their records to the primary one", async () => {
    await using world = await openPublishWorld();
    const final = world.other("acme/final");

    const run = await world.publish([
      `backend=${await world.source()}`,
      `base=${await world.source(image({ layers: ["base"] }))}`,
      "--not-final",
      "base",
      "--final-repo",
      final.address,
      "--add-custom-tag",
      "%image%-latest",
      "--add-custom-tag",
      "v-%image_content_based_tag%",
    ]);

    const stage = Object.keys(final.tags()).find((tag) => STAGE.test(tag)) ?? "";
    expect(run).toMatchObject({ exit: 0 });
    expect(Object.keys(final.tags()).toSorted()).toEqual(
      [stage, "backend-latest", `v-${stage}`].toSorted(),
    );
    expect(world.fresh().filter((tag) => tag.startsWith("custom-tag-meta-"))).toHaveLength(2);
    expect(run.stdout).toContain(`${final.address}:${stage}`);
  });

  it("take no tag from others, unless that is allowed", async () => {
    await using world = await openPublishWorld();
    world.push(world.recordOf("latest", {}), "latest");
    const words = [`backend=${await world.source()}`, "--add-custom-tag", "latest"];

    const refused = await world.publish(words);
    const sent = world.mutations();
    const allowed = await world.publish([...words, "--allow", "foreign-tag"]);

    expect(refused).toMatchObject({ exit: 4 });
    expect(refused.stderr).toContain("--allow foreign-tag");
    expect(sent).toEqual([]);
    expect(allowed).toMatchObject({ exit: 0 });
    expect(world.fresh()).toContain("custom-tag-meta-latest");
  });
});

it.each([
  [[], "no image is named"],
  [["backend"], "has no source"],
  [["a=oci:/nowhere"], "there is no /nowhere"],
  [["a=oci:SOURCE", "b=oci:SOURCE", "--add-custom-tag", "latest"], 'would both be "latest"'],
  [["a=oci:SOURCE", "b=oci:SOURCE", "--stage-digest", "ab".repeat(28)], "publish them one by one"],
  [["a=oci:SOURCE", "--stage-digest", "ab"], "is no stage digest"],
  [["a=oci:SOURCE", "--project", "Shop"], "is no project name"],
  [["a=oci:SOURCE", "--allow", "x"], "a publishing has no such guard"],
  [["a=oci:SOURCE", "--virtual-merge"], "is no merge"],
  [["a=oci:SOURCE", "--synchronization", "smoke"], "--synchronization is not understood"],
  [["a=oci:SOURCE", "--cache-repo", "REPO"], "REPO"],
  [
    ["a=oci:SOURCE", "--save-build-report", "--build-report-path", "x.xml"],
    "neither .json nor .env",
  ],
])("refuses %j before anything is sent", async (words, why) => {
  await using world = await openPublishWorld();
  const [, source = ""] = (await world.source()).split("oci:");
  const filled = words.map((word) => word.replace("SOURCE", source).replace("REPO", world.address));

  const run = await world.publish(filled);

  expect(run).toMatchObject({ exit: 2, stdout: "" });
  expect(run.stderr).toContain(why.replace("REPO", world.address));
  expect(world.mutations()).toEqual([]);
});
