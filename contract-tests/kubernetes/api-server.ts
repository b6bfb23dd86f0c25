import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Agent, request } from "undici";

import { makeServerCertificate } from "../servers/certificates.ts";
import { findPeer, requirePeer } from "../servers/peers.ts";
import type { Peer } from "../servers/peers.ts";
import { freePort, run, start } from "../servers/run.ts";
import type { Grant } from "./access.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import type { TestCluster } from "./cluster.ts";
import { apiPathOf } from "./object.ts";
import type { KubeName, KubeResource } from "./object.ts";
import { BUILT_IN_RESOURCES } from "./resources.ts";

export interface ApiServerOptions {
  /** Name of the context; default: `test`. */
  readonly context?: string;
  /** Defined beside the built-in ones. */
  readonly resources?: readonly KubeResource[];
  /** What the kube configuration's user may do; default: everything. */
  readonly grants?: readonly Grant[];
}

const PEERS: readonly Peer[] = ["kube-apiserver", "etcd", "openssl"];

/** Programs that are not installed here. */
export function missingForApiServer(): readonly Peer[] {
  return PEERS.filter((peer) => findPeer(peer) === undefined);
}

const READY_WITHIN_MS = 90_000;

/** Starts the API server of Kubernetes itself, with etcd behind it and nothing else: objects stay as they are put. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<TestCluster> {
  const { context = "test", resources = [], grants } = options;
  const directory = await mkdtemp(join(tmpdir(), "tidemark-apiserver-"));
  const at = (name: string): string => join(directory, name);
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  const certificate = await makeServerCertificate(directory);
  await run(requirePeer("openssl"), ["genrsa", "-out", at("accounts.key"), "2048"]);
  await writeFile(at("tokens.csv"), "admin-token,admin,1,system:masters\nci-token,ci,2,\n");
  const etcd = await start({
    program: requirePeer("etcd"),
    args: flags({
      "data-dir": at("etcd"),
      "unsafe-no-fsync": "true",
      "log-level": "error",
      "listen-client-urls": `http://127.0.0.1:${client}`,
      "advertise-client-urls": `http://127.0.0.1:${client}`,
      "listen-peer-urls": `http://127.0.0.1:${peer}`,
    }),
    isReady: () => answers(`http://127.0.0.1:${client}/health`, new Agent()),
  });
  const url = `https://127.0.0.1:${secure}`;
  const dispatcher = new Agent({ connect: { ca: certificate.caPem } });
  const server = await start({
    program: requirePeer("kube-apiserver"),
    args: flags({
      "etcd-servers": `http://127.0.0.1:${client}`,
      "bind-address": "127.0.0.1",
      "secure-port": String(secure),
      "tls-cert-file": certificate.certPath,
      "tls-private-key-file": certificate.keyPath,
      "service-account-issuer": "https://tidemark.test",
      "service-account-key-file": at("accounts.key"),
      "service-account-signing-key-file": at("accounts.key"),
      "cert-dir": at("certificates"),
      "token-auth-file": at("tokens.csv"),
      "authorization-mode": "RBAC",
      "disable-admission-plugins": "ServiceAccount",
      "service-cluster-ip-range": "10.0.0.0/24",
      "feature-gates": "ImageVolume=true",
    }),
    readyWithinMs: READY_WITHIN_MS,
    isReady: () => answers(`${url}/readyz`, dispatcher),
  });
  const all = [...BUILT_IN_RESOURCES, ...resources];
  for (const resource of resources) await define(resource);
  if (grants !== undefined) await grant(grants);
  const token = grants === undefined ? "admin-token" : "ci-token";
  const text = kubeconfigOf({ context, url, token, caPem: await readFile(at("ca.pem"), "utf8") });
  await writeFile(at("config"), text, { mode: 0o600 });

  return {
    url,
    token,
    kubeconfig: { path: at("config"), text },
    async put(object) {
      const path = listPathOf(object);
      const { status, ...rest } = object;
      const created = await send("POST", path, rest);
      if (status === undefined) return;
      const metadata = fieldOf(created, "metadata");
      await send("PUT", `${path}/${object.metadata.name}/status`, { ...rest, metadata, status });
    },
    async remove(name) {
      const query = "gracePeriodSeconds=0&propagationPolicy=Background";
      await send("DELETE", `${listPathOf(name)}/${name.metadata.name}?${query}`);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await etcd.stop();
      await dispatcher.close();
      await rm(directory, { recursive: true, force: true });
    },
  };

  function listPathOf({ apiVersion, kind, metadata }: KubeName): string {
    const found = all.find((one) => one.kind === kind && apiPathOf(one).endsWith(`/${apiVersion}`));
    if (found === undefined) throw new Error(`the cluster serves no ${kind} of ${apiVersion}`);
    const place = found.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
    return `${apiPathOf(found)}${place}/${found.resource}`;
  }

  async function define({ group, version, resource, kind }: KubeResource): Promise<void> {
    const schema = {
      openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    };
    const name = `${resource}.${group}`;
    await send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    });
    const path = apiPathOf({ group, version, resource, kind, namespaced: true });
    while (!(await answers(`${url}${path}/${resource}`, dispatcher))) await pause();
    while (!(await isDiscovered(path, resource))) await pause();
  }

  async function isDiscovered(path: string, resource: string): Promise<boolean> {
    const list: unknown = fieldOf(await send("GET", path), "resources");
    return Array.isArray(list) && list.some((one) => fieldOf(one, "name") === resource);
  }

  async function grant(rules: readonly Grant[]): Promise<void> {
    for (const [place, { namespace, groups, resources: names, verbs }] of rules.entries()) {
      const name = `grant-${place}`;
      const kind = namespace === undefined ? "ClusterRole" : "Role";
      const api = "/apis/rbac.authorization.k8s.io/v1";
      const base = namespace === undefined ? api : `${api}/namespaces/${namespace}`;
      const head = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name } };
      await send("POST", `${base}/${kind.toLowerCase()}s`, {
        ...head,
        kind,
        rules: [{ apiGroups: groups, resources: names, verbs }],
      });
      await send("POST", `${base}/${kind.toLowerCase()}bindings`, {
        ...head,
        kind: `${kind}Binding`,
        subjects: [{ kind: "User", name: "ci", apiGroup: "rbac.authorization.k8s.io" }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      });
    }
  }

  /** As the administrator. Rejects with what the server objects to. */
  async function send(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<unknown> {
    const headers = { authorization: "Bearer admin-token", "content-type": "application/json" };
    const answer = await request(`${url}${path}`, {
      dispatcher,
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const value: unknown = await answer.body.json();
    if (answer.statusCode < 300) return value;
    throw new Error(`${method} ${path}: ${answer.statusCode} ${String(fieldOf(value, "message"))}`);
  }
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

async function answers(url: string, dispatcher: Agent): Promise<boolean> {
  try {
    const headers = { authorization: "Bearer admin-token" };
    const { statusCode, body } = await request(url, { dispatcher, headers });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // Not listening yet.
  }
}

function pause(): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, 50);
  });
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null
    ? new Map(Object.entries(value)).get(field)
    : undefined;
}
