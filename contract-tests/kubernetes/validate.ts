import type { KubeObject } from "./object.ts";

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Where each kind has the pods it makes. */
const POD_AT: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  ReplicationController: ["spec", "template", "spec"],
  Deployment: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** Kinds whose pods are told by labels. */
const SELECTING = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]);

/** What all annotations may have together. Bytes. Source: Kubernetes, apimachinery validation. */
const MAX_ANNOTATIONS = 256 * 1024;

/** What an API server would object to in a manifest, as far as images are concerned; `undefined` when nothing. */
export function objectionTo(object: KubeObject): string | undefined {
  const { kind, metadata } = object;
  if (!NAME.test(metadata.name)) return `metadata.name: Invalid value: "${metadata.name}"`;
  if (annotationBytes(object) > MAX_ANNOTATIONS) {
    return `metadata.annotations: Too long: may not be more than ${MAX_ANNOTATIONS} bytes`;
  }
  const path = POD_AT[kind];
  if (path === undefined || object.apiVersion.includes(".")) return undefined;
  const pod = at(object, path);
  const containers = at(pod, ["containers"]);
  if (!Array.isArray(containers) || containers.length === 0) {
    return `${path.join(".")}.containers: Required value`;
  }
  for (const field of ["containers", "initContainers", "ephemeralContainers"]) {
    const list: unknown = at(pod, [field]) ?? [];
    if (!Array.isArray(list)) return `${path.join(".")}.${field}: expected list`;
    for (const [place, one] of list.entries()) {
      const where = `${path.join(".")}.${field}[${place}]`;
      if (typeof at(one, ["name"]) !== "string") return `${where}.name: Required value`;
      if (typeof at(one, ["image"]) !== "string") return `${where}.image: Required value`;
    }
  }
  return SELECTING.has(kind) ? selectorProblem(object) : undefined;
}

function annotationBytes(object: KubeObject): number {
  const texts = Object.entries(at(object, ["metadata", "annotations"]) ?? {}).flat();
  return texts.reduce((sum, text) => sum + Buffer.byteLength(String(text)), 0);
}

function selectorProblem(object: KubeObject): string | undefined {
  const wanted = Object.entries(at(object, ["spec", "selector", "matchLabels"]) ?? {});
  if (wanted.length === 0) return "spec.selector: Required value";
  const labels = new Map(
    Object.entries(at(object, ["spec", "template", "metadata", "labels"]) ?? {}),
  );
  return wanted.every(([name, value]) => labels.get(name) === value)
    ? undefined
    : "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`";
}

function at(value: unknown, path: readonly string[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = new Map(Object.entries(here)).get(step);
  }
  return here;
}
