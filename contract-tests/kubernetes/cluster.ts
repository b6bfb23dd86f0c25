import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FakeRequest, FakeResponse } from "../fakes/message.ts";
import { listen } from "../fakes/serve.ts";
import type { TlsFiles } from "../fakes/serve.ts";
import { EVERYTHING, refuseStranger } from "./access.ts";
import type { Grant } from "./access.ts";
import { answerDiscovery } from "./discovery.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import { createPager } from "./lists.ts";
import type { KubeName, KubeObject, KubeResource } from "./object.ts";
import { answerObjects } from "./objects.ts";
import { BUILT_IN_RESOURCES } from "./resources.ts";
import { createStore } from "./store.ts";
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
      answerObjects(request, { store, pager, grants, user: USER })
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
