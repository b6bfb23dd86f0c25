import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { kubeconfigOf } from "../../contract-tests/kubernetes/kubeconfig.ts";
import type { FakeCluster } from "../../contract-tests/kubernetes/cluster.ts";
import type { KubeName, KubeObject, KubeResource } from "../../contract-tests/kubernetes/object.ts";
import {
  ARGO_ROLLOUTS,
  KNATIVE_SERVING,
  inGroup,
} from "../../contract-tests/kubernetes/resources.ts";
import { helmRelease } from "../../contract-tests/kubernetes/uses.ts";
import type { RepositoryModel } from "./model.ts";
import type { ClusterSpec } from "./scenario.ts";

/** The clusters of a scenario, by the names of their contexts. */
export interface Clusters extends AsyncDisposable {
  /** What `KUBECONFIG` takes. */
  readonly kubeconfig: string;
  /** Makes each cluster hold exactly what is declared. */
  fill(specs: Readonly<Record<string, ClusterSpec>>, where: Where): Promise<void>;
}

interface Where {
  readonly address: string;
  /** Addresses of the other repositories of the project, by name. */
  readonly others: ReadonlyMap<string, string>;
  readonly model: RepositoryModel;
}

/** Nothing listens there. */
const NOWHERE = "https://127.0.0.1:1";

const Named = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** A release as a scenario writes it; Helm packs it into a secret. */
const Release = z.strictObject({
  kind: z.literal("HelmRelease"),
  name: z.string(),
  revision: z.int(),
  status: z.string(),
  manifest: z.string(),
});

const CUSTOM: readonly KubeResource[] = [
  ...ARGO_ROLLOUTS,
  ...KNATIVE_SERVING,
  ...inGroup("example.test", "v1", ["Machine"]),
];

/** Starts the clusters that a scenario names, and writes a kubeconfig for each below `root`. */
export async function openClusters(
  specs: Readonly<Record<string, ClusterSpec>>,
  root: string,
): Promise<Clusters> {
  const running = new Map<string, FakeCluster>();
  const files: string[] = [];
  for (const [context, { unreachable, may }] of Object.entries(specs)) {
    if (unreachable === true) {
      const file = join(root, `${context}.kubeconfig`);
      await writeFile(file, kubeconfigOf({ context, url: NOWHERE, token: "none" }));
      files.push(file);
      continue;
    }
    const grants =
      may === undefined ? {} : { grants: [{ groups: ["*"], resources: may, verbs: ["list"] }] };
    const cluster = await startCluster({ context, resources: CUSTOM, ...grants });
    running.set(context, cluster);
    files.push(cluster.kubeconfig.path);
  }
  const held = new Map<string, readonly KubeObject[]>();
  return {
    kubeconfig: files.join(delimiter),
    async fill(wanted, where) {
      for (const [context, cluster] of running) {
        for (const object of held.get(context) ?? []) await cluster.remove(nameOf(object));
        const objects = (wanted[context]?.objects ?? []).map((object) => objectOf(object, where));
        for (const object of objects) await cluster.put(object);
        held.set(context, objects);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const cluster of running.values()) await cluster[Symbol.asyncDispose]();
    },
  };
}

/**
 * An object with `{tag:ID}`, `{digest:ID}` `{repo}`, `{repo:NAME}` and `{path}` in its texts replaced: the tag and the
 * digest an id stands for, the addresses of the repository and of another one, and the repository's name.
 */
function objectOf(template: unknown, { address, others, model }: Where): KubeObject {
  const text = JSON.stringify(template)
    .replaceAll("{repo}", address)
    .replaceAll(/\{repo:([^}]+)\}/g, (_, name: string) => others.get(name) ?? name)
    .replaceAll("{path}", address.slice(address.indexOf("/") + 1))
    .replaceAll(/\{tag:([^}]+)\}/g, (_, id: string) => model.tagsOf(id)[0] ?? id)
    .replaceAll(/\{digest:([^}]+)\}/g, (_, id: string) => model.contentOf(id).digest);
  const parsed: unknown = JSON.parse(text);
  const release = Release.safeParse(parsed);
  return release.success
    ? helmRelease(
        release.data.name,
        release.data.revision,
        release.data.manifest,
        release.data.status,
      )
    : Named.parse(parsed);
}

function nameOf({ apiVersion, kind, metadata }: KubeObject): KubeName {
  return { apiVersion, kind, metadata };
}
