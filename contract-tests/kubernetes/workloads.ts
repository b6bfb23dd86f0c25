import type { KubeMetadata, KubeObject } from "./object.ts";

/** What a workload runs, in the fields of a pod. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly unknown[];
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
}

/** Kinds that make pods from a template. */
export type WorkloadKind =
  | "Pod"
  | "ReplicationController"
  | "Deployment"
  | "StatefulSet"
  | "DaemonSet"
  | "ReplicaSet"
  | "Job"
  | "CronJob";

export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  "Pod",
  "ReplicationController",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "Job",
  "CronJob",
];

/** A valid object of a kind that runs an image, or the pod given. */
export function workload(
  kind: WorkloadKind,
  name: string,
  runs: string | PodSpec,
  namespace = "default",
): KubeObject {
  const metadata = { name, namespace };
  const spec = typeof runs === "string" ? { containers: [{ name: "main", image: runs }] } : runs;
  const labels = { app: name };
  const template = { metadata: { labels }, spec };
  const selector = { matchLabels: labels };
  switch (kind) {
    case "Pod":
      return { apiVersion: "v1", kind, metadata, spec };
    case "ReplicationController":
      return { apiVersion: "v1", kind, metadata, spec: { selector: labels, template } };
    case "Deployment":
    case "DaemonSet":
    case "ReplicaSet":
      return { apiVersion: "apps/v1", kind, metadata, spec: { selector, template } };
    case "StatefulSet":
      return {
        apiVersion: "apps/v1",
        kind,
        metadata,
        spec: { selector, template, serviceName: name },
      };
    case "Job":
      return { apiVersion: "batch/v1", kind, metadata, spec: { template: once(spec) } };
    case "CronJob":
      return {
        apiVersion: "batch/v1",
        kind,
        metadata,
        spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: once(spec) } } },
      };
  }
}

/** A pod with what a node says that it runs. */
export function runningPod(
  metadata: KubeMetadata,
  spec: PodSpec,
  statuses: readonly { readonly name: string; readonly image: string; readonly imageID: string }[],
): KubeObject {
  const status = {
    phase: "Running",
    containerStatuses: statuses.map((one) => ({ ...one, ready: true, restartCount: 0 })),
  };
  return { apiVersion: "v1", kind: "Pod", metadata, spec, status };
}

function once(spec: PodSpec): { readonly spec: PodSpec } {
  return { spec: { ...spec, restartPolicy: "Never" } };
}
