import { KubeConfig } from "@kubernetes/client-node";
import type { Context } from "@kubernetes/client-node";

import type { Contexts } from "./config.ts";
import { ClusterMissingError, KubeConfigError } from "./error.ts";
import { withOptions } from "./entry-options.ts";
import type { ClusterRequest } from "./request.ts";

/** A cluster to ask: how to enter it, and where to look. */
export interface ClusterTarget {
  /** Name of the context. */
  readonly name: string;
  readonly config: KubeConfig;
  readonly server: string;
  /** `all`, or the namespaces to look in. */
  readonly namespaces: "all" | readonly string[];
  /** The file that has its user; absent where none does. */
  readonly userFile: string | undefined;
}

/**
 * The clusters to ask: every context, or the one that was chosen. Contexts that lead to the same place are asked once.
 *
 * Rejects with `ClusterMissingError` when there is none, when one that is expected is not among them, or, where nobody
 * says which to expect, when a file that may name some is not there; with `KubeConfigError` for options that fit nothing.
 */
export async function chooseTargets(
  request: ClusterRequest,
  found: Contexts,
  { tolerant }: { readonly tolerant: boolean },
): Promise<readonly ClusterTarget[]> {
  const contexts = await withOptions(request, found);
  const chosen = contexts.contexts.filter(
    ({ name }) => request.context === undefined || name === request.context,
  );
  const known = new Set(chosen.map(({ name }) => name));
  const wanted = [...request.expected, ...(request.context === undefined ? [] : [request.context])];
  const missing = wanted.filter((name) => !known.has(name));
  if (!tolerant) {
    if (missing.length > 0) throw new ClusterMissingError(missingMessage(missing, contexts));
    if (chosen.length === 0) throw new ClusterMissingError(NO_CLUSTER);
    const isWholeAsked = request.context === undefined && request.expected.length === 0;
    const [file] = found.absentFiles ?? [];
    if (isWholeAsked && file !== undefined) throw new ClusterMissingError(absentMessage(file));
  }
  const targets = chosen.map((context) =>
    targetOf(context, contexts, namespacesOf(request, context.namespace)),
  );
  return withoutTwins(targets);
}

/**
 * The one cluster of a context: the named one, else the current one, else the only one. Throws `KubeConfigError` when
 * there is none.
 *
 * @param named The context's name, as the user gave it.
 */
export function chooseTarget(named: string | undefined, found: Contexts): ClusterTarget {
  const { contexts, currentContext } = found;
  const wanted = named ?? currentContext ?? (contexts.length === 1 ? contexts[0]?.name : undefined);
  const context = contexts.find(({ name }) => name === wanted);
  if (context !== undefined) return targetOf(context, found, "all");
  if (contexts.length === 0) {
    throw new KubeConfigError(
      "no kube configuration names a cluster (looked at KUBECONFIG, ~/.kube/config and the pod's own)",
    );
  }
  const names = contexts.map(({ name }) => name).join(", ");
  throw new KubeConfigError(
    wanted === undefined
      ? `no kube configuration says which of its contexts is the current one; name one of ${names}`
      : `no kube configuration that is read has the context ${wanted} (there are ${names})`,
  );
}

/** How the cluster of a context is entered. Throws `KubeConfigError` when the configuration does not tell. */
function targetOf(
  context: Context,
  { clusters, users, userFiles }: Contexts,
  namespaces: ClusterTarget["namespaces"],
): ClusterTarget {
  const cluster = clusters.find(({ name }) => name === context.cluster);
  const user = users.find(({ name }) => name === context.user);
  if (cluster === undefined || (user === undefined && context.user)) {
    const what = cluster === undefined ? `cluster "${context.cluster}"` : `user "${context.user}"`;
    throw new KubeConfigError(
      `context ${context.name} names the ${what}, which no kube configuration describes`,
    );
  }
  refuseSecretAddress(context.name, cluster.server);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [cluster],
    // Without a user the client would leave out what it knows of the cluster, too.
    users: [user ?? { name: context.user }],
    contexts: [context],
    currentContext: context.name,
  });
  return {
    name: context.name,
    config,
    server: cluster.server,
    namespaces,
    userFile: userFiles.get(context.user),
  };
}

/** An address stands in messages, and no client sends what is written before its host. */
function refuseSecretAddress(context: string, server: string): void {
  const url = URL.parse(server);
  if (url === null) {
    throw new KubeConfigError(`context ${context}: the address of its cluster is no URL`);
  }
  if (url.username === "" && url.password === "") return;
  throw new KubeConfigError(
    `context ${context}: the address of its cluster at ${url.host} has a user name or a password in it; they belong to the user of the context`,
  );
}

const NO_CLUSTER =
  "images in use in Kubernetes have to be kept, and no kube configuration names a cluster (looked at --kube-config, KUBECONFIG, ~/.kube/config and the pod's own); run with --without-kube if none runs from this repository, or set cleanup.disableKubernetesBasedPolicy: true";

function absentMessage(file: string): string {
  return `KUBECONFIG names ${file}, which is not there, so nobody knows which clusters are left out; take it out of the list, or name the clusters to ask as usage.kubernetes.contexts`;
}

function missingMessage(missing: readonly string[], { contexts }: Contexts): string {
  const names = contexts.map(({ name }) => name);
  const there = names.length === 0 ? "none is there" : `there are ${names.join(", ")}`;
  const some = missing.length === 1 ? "context" : "contexts";
  return `${some} ${missing.join(", ")} should be asked for images in use, and no kube configuration that is read has it (${there})`;
}

function namespacesOf(
  { namespaces }: ClusterRequest,
  own: string | undefined,
): ClusterTarget["namespaces"] {
  if (namespaces === "all") return "all";
  if (namespaces === "of-context") return own === undefined || own === "" ? "all" : [own];
  return [...new Set(namespaces)];
}

/**
 * Contexts that differ by their names alone are the same cluster as the same user, as tools write them for namespaces. One
 * address is not one cluster: proxies and names in TLS lead on from it.
 */
function withoutTwins(targets: readonly ClusterTarget[]): ClusterTarget[] {
  const seen = new Set<string>();
  return targets.filter(({ config, namespaces }) => {
    const { name: _name, ...place } = config.getCurrentCluster() ?? { name: "" };
    const key = JSON.stringify([place, config.getCurrentUser()?.name, namespaces]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
