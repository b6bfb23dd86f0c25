import { readFile } from "node:fs/promises";

import { KubeConfig } from "@kubernetes/client-node";
import type { Cluster, User } from "@kubernetes/client-node";

import type { Contexts } from "./config.ts";
import { ClusterMissingError, KubeConfigError } from "./error.ts";
import type { ClusterConnection, ClusterRequest } from "./request.ts";

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

/** Name of the cluster that options alone describe. */
const NAMELESS = "kube-api-server";

/**
 * The clusters to ask: every context, or the one that was chosen. Contexts that lead to the same place are asked once.
 *
 * Rejects with `ClusterMissingError` when there is none, or when one that is expected is not among them; with
 * `KubeConfigError` for options that fit nothing.
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
  }
  const targets = chosen.map((context): ClusterTarget => {
    const { clusters, users, userFiles } = contexts;
    const cluster = clusters.find(({ name }) => name === context.cluster);
    const user = users.find(({ name }) => name === context.user);
    if (cluster === undefined || (user === undefined && context.user)) {
      const what =
        cluster === undefined ? `cluster "${context.cluster}"` : `user "${context.user}"`;
      throw new KubeConfigError(
        `context ${context.name} names the ${what}, which no kube configuration describes`,
      );
    }
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
      namespaces: namespacesOf(request, context.namespace),
      userFile: userFiles.get(context.user),
    };
  });
  return withoutTwins(targets);
}

const NO_CLUSTER =
  "images in use in Kubernetes have to be kept, and no kube configuration names a cluster (looked at --kube-config, KUBECONFIG, ~/.kube/config and the pod's own); run with --without-kube if none runs from this repository, or set cleanup.disableKubernetesBasedPolicy: true";

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

/** What options say about the one cluster they can be about. */
async function withOptions(
  { connection, context }: ClusterRequest,
  found: Contexts,
): Promise<Contexts> {
  const { apiServer, caData, skipTlsVerify = false } = connection;
  const token = await tokenOf(connection);
  const says = [apiServer, token, caData].some((value) => value !== undefined) || skipTlsVerify;
  if (!says) return found;
  if (found.contexts.length === 0) return described(connection, token, context ?? NAMELESS);
  const name = context ?? (found.contexts.length === 1 ? found.contexts[0]?.name : undefined);
  if (name === undefined) {
    throw new KubeConfigError(
      "--kube-api-server, --kube-token, --kube-ca-data and --skip-tls-verify-kube are about one cluster, and there are several; name it with --kube-context",
    );
  }
  const changed = found.contexts.find((one) => one.name === name);
  if (changed === undefined) return found;
  return {
    ...found,
    clusters: found.clusters.map((cluster) =>
      cluster.name === changed.cluster ? entered(cluster, connection) : cluster,
    ),
    users:
      token === undefined
        ? found.users
        : [
            ...found.users.filter((user) => user.name !== changed.user),
            { name: changed.user, token },
          ],
  };
}

/** A cluster with what options say about it. */
function entered(
  cluster: Cluster,
  { apiServer, caData, skipTlsVerify }: ClusterConnection,
): Cluster {
  const { caFile: _caFile, ...rest } = cluster;
  return {
    ...(caData === undefined ? cluster : { ...rest, caData }),
    server: apiServer ?? cluster.server,
    skipTLSVerify: skipTlsVerify ?? cluster.skipTLSVerify,
  };
}

function described(
  connection: ClusterConnection,
  token: string | undefined,
  name: string,
): Contexts {
  const { apiServer: server } = connection;
  if (server === undefined) {
    throw new KubeConfigError(
      "--kube-token, --kube-ca-data and --skip-tls-verify-kube are about a cluster, and no kube configuration names one; add --kube-api-server",
    );
  }
  const user: User = { name, ...(token === undefined ? {} : { token }) };
  return {
    clusters: [entered({ name, server, skipTLSVerify: false }, connection)],
    users: [user],
    contexts: [{ name, cluster: name, user: name }],
    userFiles: new Map(),
  };
}

async function tokenOf({ token, tokenPath }: ClusterConnection): Promise<string | undefined> {
  if (token !== undefined || tokenPath === undefined) return token;
  try {
    return (await readFile(tokenPath, "utf8")).trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new KubeConfigError(`--kube-token-path ${tokenPath} cannot be read: ${code}`);
  }
}

/** Contexts that differ by their names alone are the same cluster as the same user, as tools write them for namespaces. */
function withoutTwins(targets: readonly ClusterTarget[]): ClusterTarget[] {
  const seen = new Set<string>();
  return targets.filter(({ server, config, namespaces }) => {
    const key = JSON.stringify([server, config.getCurrentUser()?.name, namespaces]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
