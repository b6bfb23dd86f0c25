import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { lines, readUsage } from "../../test/usage/kubernetes/clusters.ts";
import { makeServerCertificate } from "../servers/certificates.ts";
import { findPeer, requirePeer } from "../servers/peers.ts";
import { run } from "../servers/run.ts";
import { startCluster } from "./cluster.ts";
import type { FakeCluster } from "./cluster.ts";
import { workload } from "./workloads.ts";

const isInstalled = findPeer("kubectl") !== undefined && findPeer("openssl") !== undefined;

describe.skipIf(!isInstalled)("our API server, driven by kubectl", () => {
  let directory: string;
  let cluster: FakeCluster;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tidemark-kubectl-"));
    const { caPem, certPath, keyPath } = await makeServerCertificate(directory);
    const cert = await readFile(certPath, "utf8");
    cluster = await startCluster({ tls: { cert, key: await readFile(keyPath, "utf8"), caPem } });
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it("is an API server to it: what it creates is in use, what it deletes is not", async () => {
    const manifest = join(directory, "web.json");
    await writeFile(manifest, JSON.stringify(workload("Deployment", "web", "reg.example/shop:1")));
    for (const name of ["a", "b", "c"]) {
      await cluster.put(workload("DaemonSet", name, "reg.example/shop:2"));
    }

    await kubectl("create", "--validate=false", "-f", manifest);
    expect(lines(await readUsage(cluster))).toContain(
      "default Deployment/web main reg.example/shop:1",
    );
    expect(await kubectl("get", "daemonsets.apps", "-A", "--chunk-size=2", "-o", "name")).toBe(
      "daemonset.apps/a\ndaemonset.apps/b\ndaemonset.apps/c\n",
    );
    await kubectl("delete", "deployments.apps", "web", "--wait=false");
    expect(lines(await readUsage(cluster))).not.toContain(
      "default Deployment/web main reg.example/shop:1",
    );
  });

  it("refuses in words that it understands", async () => {
    await expect(kubectl("get", "deployments.apps", "nothing")).rejects.toThrow(
      'Error from server (NotFound): deployments.apps "nothing" not found',
    );
    await expect(kubectl("get", "machines")).rejects.toThrow(
      "the server doesn't have a resource type",
    );
  });

  /** With a cache of its own: the machine's is about other clusters. */
  function kubectl(...args: readonly string[]): Promise<string> {
    const config = ["--kubeconfig", cluster.kubeconfig.path];
    const cache = ["--cache-dir", join(directory, "cache")];
    return run(requirePeer("kubectl"), [...config, ...cache, ...args]);
  }
});
