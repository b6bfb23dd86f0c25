import { openClusters } from "../../../src/usage/kubernetes/open.ts";
import type { Clusters, OpenOptions } from "../../../src/usage/kubernetes/open.ts";
import type { ClusterRequest, UsageScope } from "../../../src/usage/kubernetes/request.ts";
import type { UsedImage } from "../../../src/usage/used-image.ts";
import type { TestCluster } from "../../../contract-tests/kubernetes/cluster.ts";

export const SCOPE: UsageScope = { finishedJobs: true, helmRevisions: 10, customResources: [] };

/** Every context of the cluster's configuration, in all namespaces. */
export function requestFor(
  cluster: Pick<TestCluster, "kubeconfig">,
  more: Partial<ClusterRequest> = {},
): ClusterRequest {
  return {
    connection: { files: [cluster.kubeconfig.path] },
    context: undefined,
    expected: [],
    namespaces: "all",
    scope: SCOPE,
    ...more,
  };
}

export async function open(
  request: ClusterRequest,
  options: Partial<OpenOptions> = {},
): Promise<Clusters> {
  return openClusters(request, {
    env: { PATH: process.env["PATH"] },
    homeDir: "/nonexistent",
    podRoot: "/nonexistent",
    signal: AbortSignal.timeout(60_000),
    now: () => new Date(),
    version: "0.0.0",
    tolerant: false,
    ...options,
  });
}

/** Checks and reads, as a run does. */
export async function readUsage(
  cluster: Pick<TestCluster, "kubeconfig">,
  more: Partial<ClusterRequest> = {},
): Promise<readonly UsedImage[]> {
  await using clusters = await open(requestFor(cluster, more));
  await clusters.check();
  return await clusters.read();
}

/** One line an image: `default Deployment/web main reg.example/shop:1`. */
export function lines(used: readonly UsedImage[]): string[] {
  return used
    .map(({ namespace, object, container, image }) =>
      [namespace, object, container, image].join(" "),
    )
    .sort();
}
