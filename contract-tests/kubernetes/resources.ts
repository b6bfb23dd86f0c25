import type { KubeResource } from "./object.ts";

/** What every cluster serves, as far as tests put it there. */
export const BUILT_IN_RESOURCES: readonly KubeResource[] = [
  ...core("v1", ["Pod", "ReplicationController", "Secret", "ConfigMap"]),
  { group: "", version: "v1", resource: "namespaces", kind: "Namespace", namespaced: false },
  ...inGroup("apps", "v1", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]),
  ...inGroup("apps", "v1", ["ControllerRevision"]),
  ...inGroup("batch", "v1", ["Job", "CronJob"]),
];

/** Source: Argo Rollouts, its custom resource definitions. */
export const ARGO_ROLLOUTS: readonly KubeResource[] = inGroup("argoproj.io", "v1alpha1", [
  "Rollout",
  "Experiment",
]);

/** Source: Knative Serving, its custom resource definitions. */
export const KNATIVE_SERVING: readonly KubeResource[] = inGroup("serving.knative.dev", "v1", [
  "Service",
  "Configuration",
  "Revision",
]);

/** Resources whose names are the usual plural of their kinds. */
export function inGroup(group: string, version: string, kinds: readonly string[]): KubeResource[] {
  return kinds.map((kind) => ({
    group,
    version,
    resource: `${kind.toLowerCase()}s`,
    kind,
    namespaced: true,
  }));
}

function core(version: string, kinds: readonly string[]): KubeResource[] {
  return inGroup("", version, kinds);
}
