import { readFile } from "node:fs/promises";

import type { Cluster, User } from "@kubernetes/client-node";

import type { Contexts } from "./config.ts";
import { KubeConfigError } from "./error.ts";
import type { ClusterConnection, ClusterRequest } from "./request.ts";

/** Name of the cluster that options alone describe. */
const NAMELESS = "kube-api-server";

/** Adds what options say about the one cluster they can be about. Rejects with `KubeConfigError` when they fit none. */
export async function withOptions(
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
