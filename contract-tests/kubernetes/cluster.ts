import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { answerJson } from "../fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../fakes/message.ts";
import { listen } from "../fakes/serve.ts";
import type { TlsFiles } from "../fakes/serve.ts";
import { EVERYTHING, refuseStranger, refuseUngranted } from "./access.ts";
import type { Grant } from "./access.ts";
import { answerDiscovery } from "./discovery.ts";
import { createPager } from "./lists.ts";
import type { Pager } from "./lists.ts";
import { apiPathOf, apiVersionOf } from "./object.ts";
import type { KubeName, KubeObject, KubeResource } from "./object.ts";
import { BUILT_IN_RESOURCES } from "./resources.ts";
import { qualified, refuse, unknownPath } from "./status.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";
import { objectionTo } from "./validate.ts";

/** A cluster that tests fill: this one, or a real API server behind the same words. */
export interface TestCluster extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly kubeconfig: {
    /** A file, gone with the cluster. */
    readonly path: string;
    readonly text: string;
  };
  /** Creates or replaces; rejects for what an API server would refuse. */
  put(object: KubeObject): Promise<void>;
  /** Rejects when it is not there. */
  remove(name: KubeName): Promise<void>;
}

export interface FakeCluster extends TestCluster {
  /** Requests so far, without the credentials. */
  requests(): readonly Pick<FakeRequest, "method" | "path" | "query">[];
  /** From now on, no list that was begun can go on. */
  expireLists(): void;
}

export interface ClusterOptions {
  /** Name of the context; default: `test`. */
  readonly context?: string;
  /** Namespace of the context. */
  readonly namespace?: string;
  /** Served beside the built-in ones. */
  readonly resources?: readonly KubeResource[];
  /** Built-in resources that it does not serve, by their plurals. */
  readonly without?: readonly string[];
  /** What the token may do; default: everything. Discovery is open to every token. */
  readonly grants?: readonly Grant[];
  /** Default: plain HTTP, over which only clients that were told to trust anything send a token. */
  readonly tls?: TlsFiles & { readonly caPem: string };
  /** Answers in place of the cluster, or lets a request through. */
  readonly fault?: (request: FakeRequest) => FakeResponse | undefined;
}

const USER = "system:serviceaccount:ci:tidemark";

/** Starts a strict API server of our own: what Kubernetes refuses, it refuses in the same words. */
export async function startCluster(options: ClusterOptions = {}): Promise<FakeCluster> {
  const { context = "test", resources = [], without = [], grants = EVERYTHING, fault } = options;
  const token = `token-of-${context}`;
  const builtIn = BUILT_IN_RESOURCES.filter(({ resource }) => !without.includes(resource));
  const store = createStore([...builtIn, ...resources]);
  const pager = createPager(store.revision);
  const requests: FakeRequest[] = [];
  const server = await listen(async (request) => {
    requests.push(request);
    return (
      fault?.(request) ??
      refuseStranger(request, token) ??
      answerDiscovery(request.path, store.resources) ??
      answerObjects(request, { store, pager, grants })
    );
  }, options.tls);
  const directory = await mkdtemp(join(tmpdir(), "tidemark-cluster-"));
  const trust = options.tls === undefined ? {} : { caPem: options.tls.caPem };
  const text = kubeconfigOf({ ...options, ...trust, context, url: server.url, token });
  const path = join(directory, "config");
  await writeFile(path, text, { mode: 0o600 });

  return {
    url: server.url,
    token,
    kubeconfig: { path, text },
    async put(object) {
      const objection = objectionTo(object);
      if (objection !== undefined) throw new Error(`${object.kind}: ${objection}`);
      store.put(object);
    },
    async remove(name) {
      if (!store.remove(name)) throw new Error(`there is no ${name.kind} ${name.metadata.name}`);
    },
    requests: () => requests.map(({ method, path: at, query }) => ({ method, path: at, query })),
    expireLists: () => pager.expire(),
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** One context in the form of a kubeconfig; JSON is YAML. Plain HTTP needs the word that TLS is not checked. */
export function kubeconfigOf({
  context,
  namespace,
  url,
  token,
  caPem,
}: {
  readonly context: string;
  readonly namespace?: string;
  readonly url: string;
  readonly token: string;
  readonly caPem?: string;
}): string {
  const trust =
    caPem === undefined
      ? { "insecure-skip-tls-verify": true }
      : { "certificate-authority-data": Buffer.from(caPem).toString("base64") };
  const cluster = { server: url, ...trust };
  const place = namespace === undefined ? {} : { namespace };
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": context,
      clusters: [{ name: `${context}-cluster`, cluster }],
      users: [{ name: `${context}-user`, user: { token } }],
      contexts: [
        {
          name: context,
          context: { cluster: `${context}-cluster`, user: `${context}-user`, ...place },
        },
      ],
    },
    null,
    2,
  )}\n`;
}

interface Served {
  readonly store: Store;
  readonly pager: Pager;
  readonly grants: readonly Grant[];
}

const OBJECTS =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[a-z]+)(?:\/(?<name>[^/]+))?$/;

function answerObjects(request: FakeRequest, { store, pager, grants }: Served): FakeResponse {
  const { groups } = OBJECTS.exec(request.path) ?? {};
  if (groups === undefined) return unknownPath();
  const { core, group = "", version = core, namespace, resource = "", name } = groups;
  const verb = verbOf(request.method, name);
  if (verb === undefined)
    return refuse("MethodNotAllowed", "the server does not allow this method");
  const wish = { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
  const refusal = refuseUngranted(wish, grants, USER);
  if (refusal !== undefined) return refusal;
  const kind = store.resources.find(
    (one) => one.group === group && one.version === version && one.resource === resource,
  );
  if (kind === undefined) return unknownPath();
  const accepted = request.headers["accept"] ?? "*/*";
  if (!/application\/json|\*\/\*/.test(accepted)) {
    return refuse("NotAcceptable", "only the following media types are accepted: application/json");
  }
  if (verb === "list") return pager.answer(kind, store.list(kind, namespace), request);
  if (verb === "create") return create(request, kind, namespace, store);
  const object =
    kind.resource === "namespaces"
      ? store.namespace(name ?? "")
      : store.get(kind, namespace ?? "", name ?? "");
  if (object === undefined) {
    return refuse("NotFound", `${qualified(kind)} "${name ?? ""}" not found`);
  }
  if (verb === "get") return answerJson(200, object);
  store.remove(object);
  return answerJson(200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
}

function create(
  request: FakeRequest,
  resource: KubeResource,
  namespace: string | undefined,
  store: Store,
): FakeResponse {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
    return refuse("UnsupportedMediaType", "the body of the request was in an unknown format");
  }
  const body: unknown = JSON.parse(Buffer.from(request.body).toString("utf8"));
  if (!isObject(body)) return refuse("BadRequest", "Object 'Kind' is missing");
  if (body.kind !== resource.kind || body.apiVersion !== apiVersionOf(resource)) {
    return refuse(
      "BadRequest",
      `${body.kind} in version "${body.apiVersion}" cannot be handled at ${apiPathOf(resource)}`,
    );
  }
  const place = namespace === undefined ? {} : { namespace };
  const object = { ...body, metadata: { ...body.metadata, ...place } };
  const objection = objectionTo(object);
  if (objection !== undefined) return refuse("Invalid", `${object.kind} is invalid: ${objection}`);
  if (store.get(resource, namespace ?? "", object.metadata.name) !== undefined) {
    return refuse(
      "AlreadyExists",
      `${qualified(resource)} "${object.metadata.name}" already exists`,
    );
  }
  return answerJson(201, store.put(object));
}

function verbOf(method: string, name: string | undefined): string | undefined {
  if (method === "GET") return name === undefined ? "list" : "get";
  if (method === "POST" && name === undefined) return "create";
  return method === "DELETE" && name !== undefined ? "delete" : undefined;
}

function isObject(value: unknown): value is KubeObject {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    "apiVersion" in value &&
    "metadata" in value &&
    typeof value.metadata === "object" &&
    value.metadata !== null &&
    "name" in value.metadata
  );
}
