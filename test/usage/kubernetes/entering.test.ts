import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import type { FakeCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { kubeconfigOf } from "../../../contract-tests/kubernetes/kubeconfig.ts";
import { workload } from "../../../contract-tests/kubernetes/workloads.ts";
import { makeServerCertificate } from "../../../contract-tests/servers/certificates.ts";
import { findPeer } from "../../../contract-tests/servers/peers.ts";
import type { OpenOptions } from "../../../src/usage/kubernetes/open.ts";
import type { ClusterRequest } from "../../../src/usage/kubernetes/request.ts";
import { open, requestFor } from "./clusters.ts";

let directory: string;
let east: FakeCluster;
let west: FakeCluster;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-entering-"));
  east = await startCluster({ context: "east", namespace: "shop" });
  west = await startCluster({ context: "west" });
  await east.put(workload("Deployment", "web", "reg.example/shop:east", "shop"));
  await east.put(workload("Deployment", "api", "reg.example/shop:other", "other"));
  await west.put(workload("Deployment", "web", "reg.example/shop:west"));
});

afterAll(async () => {
  await east[Symbol.asyncDispose]();
  await west[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Images in use, as `context tag`. */
async function ask(
  request: Partial<ClusterRequest>,
  options: Partial<OpenOptions> = {},
): Promise<string[]> {
  await using clusters = await open({ ...requestFor(east), connection: {}, ...request }, options);
  await clusters.check();
  const used = await clusters.read();
  return used.map(({ cluster, image }) => `${cluster} ${image.split(":")[1] ?? ""}`).sort();
}

const ALL = ["east east", "east other", "west west"];

describe("where clusters are found", () => {
  it("is every context of every file", async () => {
    const files = [east.kubeconfig.path, west.kubeconfig.path];

    expect(await ask({ connection: { files } })).toEqual(ALL);
    expect(await ask({ connection: { files }, context: "west" })).toEqual(["west west"]);
  });

  it("is the environment, and then the user's own", async () => {
    const both = `${east.kubeconfig.path}:${west.kubeconfig.path}`;
    const home = join(directory, "home");
    await mkdir(join(home, ".kube"), { recursive: true });
    await writeFile(join(home, ".kube", "config"), west.kubeconfig.text);

    expect(await ask({}, { env: { KUBECONFIG: both }, homeDir: home })).toEqual(ALL);
    expect(await ask({}, { env: { KUBECONFIG: "" }, homeDir: home })).toEqual(["west west"]);
    await expect(ask({}, { env: { KUBECONFIG: join(directory, "none") } })).rejects.toMatchObject({
      name: "ClusterMissingError",
    });
  });

  it("is not the rest of the environment's files when one is missing, unless what to ask is named", async () => {
    const absent = join(directory, "none");
    const env = { KUBECONFIG: `${east.kubeconfig.path}:${absent}:${west.kubeconfig.path}` };

    await expect(ask({}, { env })).rejects.toMatchObject({
      name: "ClusterMissingError",
      message: expect.stringContaining(absent),
    });
    expect(await ask({ context: "west" }, { env })).toEqual(["west west"]);
    expect(await ask({ expected: ["east", "west"] }, { env })).toEqual(ALL);
    expect(await ask({}, { env, tolerant: true })).toEqual(ALL);
  });

  it("is a text in base64", async () => {
    const base64 = Buffer.from(west.kubeconfig.text).toString("base64");

    expect(await ask({ connection: { base64 } })).toEqual(["west west"]);
  });

  it("is options alone", async () => {
    const tokenPath = join(directory, "token");
    await writeFile(tokenPath, `${east.token}\n`);
    const connection = { apiServer: east.url, tokenPath, skipTlsVerify: true };

    expect(await ask({ connection })).toEqual(["kube-api-server east", "kube-api-server other"]);
  });

  it("is said once for a context: what an earlier file says wins", async () => {
    const other = join(directory, "other-east");
    await writeFile(other, kubeconfigOf({ context: "east", url: "http://127.0.0.1:9", token: "" }));
    const files = [east.kubeconfig.path, other];

    expect(await ask({ connection: { files } })).toEqual(["east east", "east other"]);
  });

  it("counts contexts that lead to the same place once", async () => {
    const config: unknown = JSON.parse(east.kubeconfig.text);
    const text = JSON.stringify(config).replace(
      '"contexts":[',
      '"contexts":[{"name":"twin","context":{"cluster":"east-cluster","user":"east-user"}},',
    );
    const base64 = Buffer.from(text).toString("base64");

    expect(await ask({ connection: { base64 } })).toEqual(["twin east", "twin other"]);
  });
});

describe("namespaces", () => {
  it.each([
    ["all", ["east east", "east other"]],
    ["of-context", ["east east"]],
    [["other"], ["east other"]],
    [
      ["shop", "other", "shop"],
      ["east east", "east other"],
    ],
  ] as const)("are %j", async (namespaces, expected) => {
    expect(await ask({ connection: requestFor(east).connection, namespaces })).toEqual(expected);
  });
});

describe("a namespace that no cluster has", () => {
  it("is told: its list would be empty, as if nothing ran", async () => {
    const files = [east.kubeconfig.path, west.kubeconfig.path];

    await expect(
      ask({ connection: { files }, namespaces: ["shop", "shpo"] }),
    ).rejects.toMatchObject({
      name: "KubeConfigError",
      message: expect.stringContaining("shpo: no cluster has such a namespace"),
    });
    expect(await ask({ connection: { files }, namespaces: ["shop"] })).toEqual(["east east"]);
  });
});

describe("options about one cluster", () => {
  it("are refused while there are several: a token is for one of them", async () => {
    const connection = {
      files: [east.kubeconfig.path, west.kubeconfig.path],
      token: "for-one-of-them",
    };
    const before = east.requests().length + west.requests().length;

    await expect(ask({ connection })).rejects.toMatchObject({
      name: "KubeConfigError",
      message: expect.stringContaining("name it with --kube-context"),
    });
    expect(east.requests().length + west.requests().length).toBe(before);
  });

  it("win over the file for the one that is named", async () => {
    const file = join(directory, "without-token");
    const { url } = east;
    await writeFile(file, kubeconfigOf({ context: "east", url, token: "old" }));
    const connection = { files: [file, west.kubeconfig.path], token: east.token };

    expect(await ask({ connection, context: "east" })).toEqual(["east east", "east other"]);
  });
});

describe("a context that leads nowhere", () => {
  it.each(["cluster", "user"])("is told when its %s is not described", async (what) => {
    const text = east.kubeconfig.text.replaceAll(`"${what}": "east-${what}"`, `"${what}": "gone"`);
    const base64 = Buffer.from(text).toString("base64");

    await expect(ask({ connection: { base64 } })).rejects.toMatchObject({
      name: "KubeConfigError",
      message: `context east names the ${what} "gone", which no kube configuration describes`,
    });
  });
});

describe("a credential plugin", () => {
  /** A configuration whose user runs a script that lies beside it. */
  async function withScript(name: string, script: string): Promise<string> {
    const folder = join(directory, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "plugin"), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, "plugin"), 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin",
      args: ["give"],
      env: [{ name: "TOKEN", value: east.token }],
      installHint: "install it first",
    };
    const text = east.kubeconfig.text.replace(
      /"user": \{\s*"token": "[^"]*"\s*\}/,
      `"user": ${JSON.stringify({ exec })}`,
    );
    await writeFile(join(folder, "config"), text);
    return join(folder, "config");
  }

  it("is asked once, and told which cluster it is for", async () => {
    const said = join(directory, "said");
    const file = await withScript(
      "good",
      `echo "$1 $KUBERNETES_EXEC_INFO" >> ${said}
       echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'"$TOKEN"'"}}'`,
    );

    expect(await ask({ connection: { files: [file] } })).toEqual(["east east", "east other"]);
    const lines = (await readFile(said, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(east.url);
    expect(lines[0]).toMatch(/^give \{"kind":"ExecCredential"/);
  });

  it.each([
    ["ends badly", "echo 'log in first' >&2; exit 3", "ended with 3: log in first"],
    ["answers nonsense", "echo hunter2", "gave no credentials"],
    ["answers nothing of use", "echo '{\"status\":{}}'", "gave no credentials"],
  ])("that %s is told, without what it printed", async (name, script, why) => {
    const file = await withScript(name.replaceAll(" ", "-"), script);
    const asking = ask({ connection: { files: [file] } });

    await expect(asking).rejects.toMatchObject({
      name: "ClusterError",
      code: "unauthorized",
      message: expect.stringMatching(new RegExp(`plugin ${why}; install it first$`)),
    });
    await expect(asking).rejects.not.toMatchObject({ message: expect.stringContaining("hunter2") });
  });
});

describe.skipIf(findPeer("openssl") === undefined)("TLS", () => {
  it("is checked against the authority of the configuration, also in a pod", async () => {
    const folder = join(directory, "tls");
    await mkdir(folder);
    const { caPem, certPath, keyPath } = await makeServerCertificate(folder);
    const cert = await readFile(certPath, "utf8");
    const tls = { cert, key: await readFile(keyPath, "utf8"), caPem };
    await using cluster = await startCluster({ tls });
    await cluster.put(workload("Deployment", "web", "reg.example/shop:tls"));
    const { connection } = requestFor(cluster);
    const strange = kubeconfigOf({
      context: "test",
      url: cluster.url,
      token: cluster.token,
      caPem,
    });
    const without = strange.replace(/"certificate-authority-data": "[^"]*"/, '"x": ""');
    const account = join(folder, "var/run/secrets/kubernetes.io/serviceaccount");
    await mkdir(account, { recursive: true });
    await writeFile(join(account, "token"), cluster.token);
    await writeFile(join(account, "ca.crt"), caPem);
    await writeFile(join(account, "namespace"), "default");
    const { hostname, port } = new URL(cluster.url);
    process.env["KUBERNETES_SERVICE_HOST"] = hostname;
    process.env["KUBERNETES_SERVICE_PORT"] = port;
    const { env } = process;

    expect(await ask({ connection })).toEqual(["test tls"]);
    expect(await ask({}, { env: { ...env, KUBECONFIG: "" }, podRoot: folder })).toEqual([
      "inClusterContext tls",
    ]);
    delete process.env["KUBERNETES_SERVICE_HOST"];
    delete process.env["KUBERNETES_SERVICE_PORT"];
    const base64 = Buffer.from(without).toString("base64");
    await expect(ask({ connection: { base64 } })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/does not answer: .*certificate/),
    });
  });
});
