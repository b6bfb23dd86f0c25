import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import { dockerRegistry2 } from "../../contract-tests/fakes/personality.ts";
import { imageOf, indexOf } from "../scenarios/content.ts";
import { LAST_OF_MAIN, openWorld, stage } from "./world.ts";
import type { World } from "./world.ts";

const CHILD = imageOf({
  media: "oci",
  created: "2026-01-01T00:00:00Z",
  labels: { content: "child" },
});

let world: World;

beforeAll(async () => {
  world = await openWorld({
    fake: { ...dockerRegistry2 },
    git: {
      commits: [
        { id: "c1", parents: [], committed: "-12d" },
        { id: "c2", committed: "-11d" },
        { id: "side", parents: ["c1"], committed: "-9d" },
      ],
      branches: { main: "c2", side: "side" },
    },
    cleanup: {
      ...LAST_OF_MAIN,
      rules: [
        { name: "releases", tags: "/v[0-9].*/", image: "web", keep: [{ semver: "*", last: 1 }] },
      ],
    },
    registry: {
      stages: [stage("s1"), stage("s2"), stage("other")],
      records: [
        ["shop", "c1", "s1"],
        ["shop", "c2", "s2"],
        ["shop", "side", "other"],
      ],
    },
  });
  world.push(imageOf({ media: "oci", created: "2026-01-02T00:00:00Z", labels: {} }), "v1.0.0");
  world.push(imageOf({ media: "oci", created: "2026-01-03T00:00:00Z", labels: {} }), "v1.1.0");
  world.push(indexOf("oci", [CHILD]), "v1.2.0");
});

afterAll(() => world[Symbol.asyncDispose]());

describe("an image that a rule claims", () => {
  it("is told with the rule that keeps it", async () => {
    expect(await explain("v1.2.0")).toEqual([
      "v1.2.0 is kept, claimed by releases as image web:",
      expect.stringMatching(/^ {2}- releases keeps it: it is /),
    ]);
  });

  it("is told with what could have kept it", async () => {
    const lines = await explain("v1.0.0");

    expect(lines).toContain("  - nothing ties it to a commit");
    expect(lines).toContain("  - releases claims it and keeps others");
  });
});

describe("a digest", () => {
  it("is told with every tag on it", async () => {
    const digest = world.tags()[world.tag("s2")] ?? "";

    expect(await explain(digest)).toEqual([
      `${world.tag("s2")} is kept:`,
      expect.stringContaining("keep policy 1: branch main has image shop"),
    ]);
  });

  it("that no tag names is told with what leads to it", async () => {
    expect(await explain(CHILD.digest)).toEqual([
      `${CHILD.digest} is kept:`,
      "  - child of the index v1.2.0",
      expect.stringMatching(/^ {4}- releases keeps it: it is /),
    ]);
  });

  it("that nothing names is told to be looked for elsewhere", async () => {
    const digest = `sha256:${"0".repeat(64)}`;

    const run = await world.run(["explain", digest, "--quiet"]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(`${world.address} has no tag on ${digest}`);
  });
});

it("a stage of a branch that no policy selects is told with that branch", async () => {
  const lines = await explain(world.tag("other"));

  expect(lines).toContain("    - branch side reaches the commit, and no policy selects it");
});

it("a stage that a cluster uses is told with what uses it, and one that none uses with how many were compared", async () => {
  await using cluster = await startCluster();
  await cluster.put(workload("Deployment", "web", `${world.address}:${world.tag("s1")}`, "shop"));
  const where = [
    "--repo",
    world.address,
    "--dir",
    world.clone,
    "--kube-config",
    cluster.kubeconfig.path,
  ];

  const used = await world.runRaw([
    "explain",
    world.tag("s1"),
    "--quiet",
    "--output",
    "json",
    ...where,
  ]);
  const unused = await world.runRaw(["explain", world.tag("other"), "--quiet", ...where]);

  expect(JSON.parse(used.stdout)).toMatchObject({
    verdict: "kept",
    proof: [
      {
        name: world.tag("s1"),
        reasons: [{ kind: "in-use", object: "Deployment/web", namespace: "shop" }],
      },
    ],
  });
  expect(unused.stdout).toContain("no cluster uses it; compared with 1 image in use");
});

it("the keep list keeps what it names, and the proof says so", async () => {
  const file = join(world.root, "keep");
  await writeFile(file, "v1.0.0\n");

  expect(await explain("v1.0.0", "--keep-list", file)).toContain("  - the keep list names it");
});

async function explain(name: string, ...args: readonly string[]): Promise<string[]> {
  const run = await world.run(["explain", name, "--quiet", ...args]);
  expect(run).toMatchObject({ exit: 0, stderr: "" });
  return run.stdout.trimEnd().split("\n");
}
