import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { answer } from "../../contract-tests/fakes/message.ts";
import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { kubeconfigOf } from "../../contract-tests/kubernetes/kubeconfig.ts";
import type { Grant } from "../../contract-tests/kubernetes/access.ts";
import type { Run } from "./run.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

const LISTS: Grant = { groups: ["*"], resources: ["*"], verbs: ["list"] };

let world: World;
let directory: string;

beforeAll(async () => {
  world = await openWorld();
  directory = await mkdtemp(join(tmpdir(), "tidemark-refused-"));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe("a cluster that cannot be read", () => {
  it("stops the run with every right that is missing, before Git is read", async () => {
    const grants = [{ groups: ["apps", "batch"], resources: ["*"], verbs: ["list"] }];
    await using cluster = await startCluster({ context: "prod", grants });

    const run = await clean(["--kube-config", cluster.kubeconfig.path]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lastLine(run)).toMatch(
      /^tidemark: cluster prod: the verb "list" is missing on replicationcontrollers, secrets, pods in all namespaces: .* User "system:serviceaccount:ci:tidemark" cannot list resource .*; grant it, or name the namespaces with --kube-scan-namespaces; usage\.kubernetes\.helmRevisions: 0 leaves Helm releases/,
    );
    expect(run.stderr).not.toContain("reading Git history");
  });

  it("can be read in the namespaces that are granted", async () => {
    await using cluster = await startCluster({ grants: [{ ...LISTS, namespace: "shop" }] });
    const kube = ["--kube-config", cluster.kubeconfig.path, "--dry-run"];

    expect(await clean(kube)).toMatchObject({ exit: 3 });
    expect(await clean([...kube, "--kube-scan-namespaces", "web"])).toMatchObject({ exit: 3 });
    expect(await clean([...kube, "--kube-scan-namespaces", "shop"])).toMatchObject({ exit: 0 });
  });

  it("is told when it does not answer", async () => {
    const cluster = await startCluster({ context: "gone" });
    const { url, token } = cluster;
    await cluster[Symbol.asyncDispose]();
    const file = join(directory, "gone");
    await writeFile(file, kubeconfigOf({ context: "gone", url, token }));

    const run = await clean(["--kube-config", file]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lastLine(run)).toContain(
      `tidemark: cluster gone at ${url} does not answer: ECONNREFUSED`,
    );
  });

  it("is told when it does not take the credentials, which are not printed", async () => {
    await using cluster = await startCluster();

    const run = await clean(["--kube-config", cluster.kubeconfig.path, "--kube-token=hunter2"]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lastLine(run)).toContain("does not take the credentials of its context");
    expect(run.stderr).not.toContain("hunter2");
  });

  it("is no API server when it answers like none", async () => {
    await using cluster = await startCluster({
      fault: () => answer(200, { "content-type": "text/html" }, Buffer.from("<html></html>")),
    });

    const run = await clean(["--kube-config", cluster.kubeconfig.path]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(lastLine(run)).toContain("answers /apis with something else than JSON");
  });
});

describe("a cluster that is missing", () => {
  it("stops the run when it is expected, and is named with those that are there", async () => {
    await using cluster = await startCluster({ context: "staging" });
    const config = join(directory, "tidemark.yaml");
    const usage = { kubernetes: { contexts: ["staging", "production"] } };
    await writeFile(config, JSON.stringify({ configVersion: 1, project: "shop", usage }));
    const args = ["--kube-config", cluster.kubeconfig.path, "--config", config, "--dry-run"];

    const run = await clean(args);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(lastLine(run)).toMatch(
      /^tidemark: context production should be asked .*\(there are staging\)/,
    );
    expect(await clean([...args, "--allow", "cluster-missing"])).toMatchObject({ exit: 0 });
  });

  it("stops the run when it was chosen", async () => {
    await using cluster = await startCluster({ context: "staging" });

    const run = await clean(["--kube-config", cluster.kubeconfig.path, "--kube-context=prod"]);

    expect(run).toMatchObject({ exit: 4, stdout: "" });
    expect(lastLine(run)).toContain("context prod should be asked");
  });

  it("is chosen by werf's variable for cleanups, not by the one for deployments", async () => {
    await using cluster = await startCluster({ context: "staging" });
    const args = ["cleanup", "--repo", world.address, "--dir", world.clone, "--dry-run"];
    const env = { WERF_KUBE_CONFIG: cluster.kubeconfig.path };

    const deploying = await world.runRaw(args, { env: { ...env, WERF_KUBE_CONTEXT: "prod" } });
    const cleaning = await world.runRaw(args, { env: { ...env, WERF_SCAN_CONTEXT_ONLY: "prod" } });

    expect(deploying.exit).toBe(0);
    expect(cleaning.exit).toBe(4);
  });

  it("is no matter when nobody asks", async () => {
    expect(await clean(["--dry-run", "--without-kube"])).toMatchObject({ exit: 0 });
    expect(await clean(["--dry-run", "--allow", "cluster-missing"])).toMatchObject({ exit: 0 });
  });
});

describe("a kube configuration that cannot be used", () => {
  it("is told without what stands in it", async () => {
    const file = join(directory, "broken");
    await writeFile(file, "users:\n- name: a\n  user: {token: hunter2\nclusters: [");

    const run = await clean(["--kube-config", file]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lastLine(run)).toMatch(
      /^tidemark: kube configuration .*broken is not understood: .* in line/,
    );
    expect(run.stderr).not.toContain("hunter2");
  });

  it("is told when it is not there", async () => {
    const run = await clean(["--kube-config", join(directory, "nothing")]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(lastLine(run)).toContain("there is no such file");
  });
});

it("none of all this changes the repository", () => {
  expect(world.mutations()).toEqual([]);
});

function clean(args: readonly string[]): Promise<Run> {
  return world.runRaw(["cleanup", "--repo", world.address, "--dir", world.clone, ...args]);
}

function lastLine({ stderr }: Run): string {
  return stderr.trimEnd().split("\n").at(-1) ?? "";
}
