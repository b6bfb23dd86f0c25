import { onTestFinished } from "vitest";

import type { TestCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { openObjectApi } from "../../../src/compose/object-api.ts";
import { openClusterLocks } from "../../../src/locks/kubernetes/cluster-locks.ts";
import type { ClusterLocksDeps } from "../../../src/locks/kubernetes/cluster-locks.ts";
import type {
  ObjectAnswer,
  ObjectApi,
  ObjectCall,
} from "../../../src/locks/kubernetes/object-api.ts";
import { lockRepository } from "../../../src/locks/lock-repository.ts";
import type { LockManager } from "../../../src/locks/lock.ts";
import type { Harness } from "../../distribution/harness.ts";

export type Cluster = Pick<TestCluster, "kubeconfig">;

export const NAMESPACE = "ci";

const LIST = `/api/v1/namespaces/${NAMESPACE}/configmaps`;

/** Publishers of the project `shop`, each on a machine of its own. */
export async function openPublisher(
  cluster: Cluster,
  { registry, repository }: Harness,
  deps: Partial<ClusterLocksDeps> = {},
): Promise<LockManager> {
  const api = await openApi(cluster);
  const place = lockRepository({ project: "shop", repository }, () => Promise.resolve(registry));
  const locks = openClusterLocks(api, NAMESPACE, place, {
    warn: () => undefined,
    now: () => new Date(),
    ...deps,
    timings: { renewEveryMs: 20, pollEveryMs: 20, retryMs: 20, ...deps.timings },
  });
  onTestFinished(() => locks[Symbol.asyncDispose]());
  return locks;
}

/** Sends a request past every lock. */
export async function ask(cluster: Cluster, call: ObjectCall): Promise<ObjectAnswer> {
  await using api = await openApi(cluster);
  return await api.send(call, AbortSignal.timeout(60_000));
}

/** Annotations of the project's object; `undefined` when it is not there. */
export async function annotationsOf(
  cluster: Cluster,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { status, value } = await ask(cluster, { method: "GET", path: `${LIST}/werf-shop` });
  return status === 404
    ? undefined
    : Object.fromEntries(entriesOf(value, "metadata", "annotations"));
}

/** Gives the project's object these annotations and no others. */
export async function annotate(
  cluster: Cluster,
  annotations: Readonly<Record<string, string>>,
): Promise<ObjectAnswer> {
  const metadata = { name: "werf-shop", namespace: NAMESPACE, annotations };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata };
  return ask(cluster, { method: "PUT", path: `${LIST}/werf-shop`, body });
}

export function patience(waitMs = 60_000): {
  readonly waitMs: number;
  readonly signal: AbortSignal;
} {
  return { waitMs, signal: AbortSignal.timeout(60_000) };
}

function openApi({ kubeconfig }: Cluster): Promise<ObjectApi> {
  return openObjectApi(
    { kind: "kubernetes", namespace: NAMESPACE, config: { path: kubeconfig.path } },
    { env: { PATH: process.env["PATH"] }, now: () => new Date(), version: "0.0.0" },
  );
}

function entriesOf(value: unknown, ...path: readonly string[]): [string, string][] {
  let here: unknown = value;
  for (const step of path) here = new Map(Object.entries(here ?? {})).get(step);
  return Object.entries(here ?? {}).map(([key, one]) => [key, String(one)]);
}
