import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { imageOf } from "../scenarios/content.ts";
import type { Run } from "./run.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

const AT = "2026-01-02T03:04:05Z";

describe("an audit from the command line", () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    const other = world.other("acme/copy");
    for (const tag of Object.keys(world.tags())) other.copy(tag);
    other.remove("notes");
    other.push(imageOf({ media: "oci", created: AT, labels: { only: "there" } }), "extra");
    other.push(imageOf({ media: "oci", created: AT, labels: { moved: "yes" } }), world.tag("s1"));
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it("tells sums by class and image, findings and what to do about them", async () => {
    const run = await audit();

    expect(run.exit).toBe(0);
    expect(run.stdout).toContain(
      "acme/shop  (project shop): 8 tags on 8 manifests, 6.2 KiB; a cleanup would take 4 tags",
    );
    expect(run.stdout).toMatch(/│ stage +│ 3 +│/);
    expect(run.stdout).toMatch(/│ shop +│ 7 +│/);
    expect(run.stdout).toMatch(/│ warning +│ overdue-cleanup │/);
    expect(run.stdout).toMatch(/│ overdue-cleanup │ \S/);
  });

  it("prints the audit as JSON, the same from run to run, and changes nothing", async () => {
    const before = await readdir(world.clone);

    const first = jsonOf(await audit("--output", "json"));
    const second = jsonOf(await audit("--output", "json"));

    expect(first).toMatchObject({ kind: "audit", schema: 1, repositories: [{ project: "shop" }] });
    expect({ ...second, createdAt: "" }).toEqual({ ...first, createdAt: "" });
    expect(world.mutations()).toEqual([]);
    expect(await readdir(world.clone)).toEqual(before);
  });

  it("prints nothing but the form that was asked for", async () => {
    const run = await audit("--output", "sarif");

    expect(run.exit).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: "2.1.0" });
  });

  it("writes it into a file instead, as a whole", async () => {
    const file = join(world.root, "audit.html");

    const run = await audit("--output", "html", "--output-file", file);

    expect(run).toMatchObject({ exit: 0, stdout: "" });
    expect(run.stderr).toContain(`wrote 1 finding to ${file}`);
    expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
  });

  it("says that a file could not be put in its place, and leaves nothing beside it", async () => {
    const before = await readdir(world.root);

    const run = await audit("--output-file", world.clone);

    expect(run).toMatchObject({ exit: 1, stdout: "" });
    expect(run.stderr).toContain(`--output-file ${world.clone} could not be written: E`);
    expect(await readdir(world.root)).toEqual(before);
  });

  it("fails on findings as severe as asked, after it told them", async () => {
    const warning = await audit("--fail-on", "warning");
    const error = await audit("--fail-on", "error");

    expect([warning.exit, error.exit]).toEqual([4, 0]);
    expect(warning.stdout).toContain("overdue-cleanup");
    expect(warning.stderr).toContain(
      "tidemark: 1 finding of severity warning or worse, which --fail-on warning does not let through\n",
    );
  });

  it("lets a repository without a tag pass no --fail-on: its address may be wrong", async () => {
    const address = world.address.replace("acme/shop", "acme/typo");

    const asked = await audit("--repo", address, "--fail-on", "error");
    const open = await audit("--repo", address);

    expect([asked.exit, open.exit]).toEqual([4, 0]);
    expect(asked.stderr).toContain(`tidemark: ${address} has no tag`);
  });

  it("tells which tags moved since a saved audit", async () => {
    const saved = join(world.root, "saved.json");
    await audit("--output", "json", "--output-file", saved);
    const text = await readFile(saved, "utf8");
    const notes = world.tags()["notes"] ?? "";
    await writeFile(saved, text.replaceAll(notes, `sha256:${"0".repeat(64)}`));

    const run = await audit("--output", "json", "--previous", saved);

    expect(jsonOf(run)["findings"]).toContainEqual(
      expect.objectContaining({ rule: "moved-tag", subject: "notes" }),
    );
  });

  it("sets two repositories side by side", async () => {
    const run = await audit(
      "--repo",
      world.other("acme/copy").address,
      "--compare",
      "--output",
      "json",
    );

    const { comparison, repositories } = jsonOf(run);

    expect(run.exit).toBe(0);
    expect(repositories).toMatchObject([
      { repository: world.other("acme/copy").address },
      { repository: world.address },
    ]);
    expect(comparison).toMatchObject({
      missing: [expect.any(String)],
      extra: [expect.any(String)],
      diverged: [{ tag: world.tag("s1") }],
      same: 6,
    });
  });

  it("looks at every repository below an address", async () => {
    const registry = world.address.slice(0, world.address.indexOf("/"));

    const place = ["--repo", `${registry}/acme/`, "--dir", world.clone, "--without-kube"];
    const run = await world.runRaw(["audit", ...place, "--output", "json"]);

    expect(run.exit).toBe(0);
    expect(jsonOf(run)["repositories"]).toMatchObject([
      { repository: `${registry}/acme/copy` },
      { repository: `${registry}/acme/shop` },
    ]);
  });

  it("reads its options from the environment", async () => {
    const run = await world.runRaw(["audit"], {
      env: {
        TIDEMARK_REPO: world.address,
        TIDEMARK_DIR: world.clone,
        TIDEMARK_WITHOUT_KUBE: "1",
        TIDEMARK_OUTPUT: "csv",
        TIDEMARK_FAIL_ON: "warning",
      },
    });

    expect(run.exit).toBe(4);
    expect(run.stdout).toMatch(/^repository,tag,class,/);
  });

  it("takes from an option when a cleanup is overdue", async () => {
    const findingsBy = async (...options: string[]): Promise<unknown> =>
      jsonOf(await audit("--output", "json", ...options))["findings"];
    const overdue = expect.arrayContaining([expect.objectContaining({ rule: "overdue-cleanup" })]);

    expect(await findingsBy("--overdue-after", "700h")).toEqual(overdue);
    expect(await findingsBy("--overdue-after", "800h")).toEqual([]);
  });

  it("has the options for it in its help, with what holds without them", async () => {
    const { stdout } = await world.runRaw(["audit", "--help"]);

    const help = stdout.replaceAll(/\s+/g, " ");
    expect(help).toMatch(/--overdue-after <duration> [^-]*\(default: 720h\)/);
    expect(help).toMatch(/--overdue-share <p%> [^-]*\(default: 50%\)/);
    expect(help).toMatch(/--records-share <p%> [^-]*\(default: 80%\)/);
  });

  it.each([
    [["--overdue-after", "30d"], /--overdue-after.*unknown unit "d"/],
    [["--overdue-share", "0.5"], /--overdue-share.*Write a share as 80%/],
    [["--records-share", "101%"], /--records-share.*Write a share as 80%/],
    [["--release-tags", "(?=x)"], /--release-tags: bad regular expression/],
    [["--release-tags", ""], /--release-tags is empty/],
    [
      ["--output-file", "/nowhere/at/all"],
      /--output-file \/nowhere\/at\/all cannot be written: ENOENT/,
    ],
    [["--output-file", ""], /--output-file is empty/],
    [["--previous", "/nowhere"], /--previous \/nowhere cannot be read: ENOENT/],
  ])("refuses %j before it sends anything", async (options, message) => {
    const before = world.registry.requests().length;

    const run = await audit(...options);

    expect(run.exit).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(run.stdout).toBe("");
    expect(world.registry.requests()).toHaveLength(before);
  });

  it("asks for a repository, and refuses copies of several", async () => {
    const none = await world.runRaw(["audit", "--dir", world.clone]);
    const copies = await audit("--repo", "reg.example/other", "--final-repo", "reg.example/final");

    expect(none).toMatchObject({ exit: 2, stdout: "" });
    expect(none.stderr).toContain("--repo is missing");
    expect(copies.exit).toBe(2);
    expect(copies.stderr).toContain("--final-repo belongs to one repository");
  });

  it("refuses to set one repository side by side", async () => {
    const run = await audit("--compare");

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain("two");
  });

  function audit(...options: readonly string[]): Promise<Run> {
    return world.run(["audit", ...options]);
  }
});

function jsonOf({ stdout }: Run): Record<string, unknown> {
  return JSON.parse(stdout);
}
