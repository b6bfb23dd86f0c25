import { gzipSync } from "node:zlib";

import type { KubeObject } from "./object.ts";
import { WORKLOAD_KINDS, runningPod, workload } from "./workloads.ts";

/** A way in which something in a cluster uses an image. */
export interface Use {
  readonly name: string;
  /** An object that uses the image this way. Its name begins with the id. */
  object(id: string, image: string): KubeObject;
}

const OTHER = "reg.example/other:1";

/** A custom resource that has an image somewhere inside. */
export const MACHINES = {
  group: "machines.example.com",
  version: "v1",
  resource: "machines",
  kind: "Machine",
  namespaced: true,
} as const;

/** Every kind of workload, and every place in a pod. */
export const POD_USES: readonly Use[] = [
  ...WORKLOAD_KINDS.map((kind): Use => ({
    name: kind,
    object: (id, image) => workload(kind, id, image),
  })),
  inPod("an init container", (image) => ({ initContainers: [{ name: "first", image }] })),
  inPod("an image volume", (image) => ({
    volumes: [{ name: "data", image: { reference: image } }],
  })),
  {
    name: "what a node says that it runs",
    object: (id, image) =>
      runningPod({ name: id }, { containers: [{ name: "main", image: OTHER }] }, [
        { name: "main", image: OTHER, imageID: image },
      ]),
  },
  {
    name: "a revision of a Helm release",
    object: (id, image) => helmRelease(id, 1, `kind: Pod\nspec:\n  - image: "${image}"\n`),
  },
];

/** Kinds of others. */
export const CUSTOM_USES: readonly Use[] = [
  {
    name: "an Argo Rollout",
    object: (id, image) => custom("argoproj.io/v1alpha1", "Rollout", id, image),
  },
  {
    name: "a Knative Service",
    object: (id, image) => custom("serving.knative.dev/v1", "Service", id, image),
  },
  {
    name: "a Knative Configuration",
    object: (id, image) => custom("serving.knative.dev/v1", "Configuration", id, image),
  },
  {
    name: "a Knative Revision",
    object: (id, image) => ({
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name: id, namespace: "default" },
      spec: { containers: [{ image }] },
    }),
  },
  {
    name: "a custom resource of the configuration",
    object: (id, image) => ({
      apiVersion: "machines.example.com/v1",
      kind: "Machine",
      metadata: { name: id, namespace: "default" },
      spec: { boot: [{ from: { source: image } }] },
    }),
  },
];

/** The secret in which Helm keeps a revision. Source: Helm, its storage driver for secrets. */
export function helmRelease(
  release: string,
  revision: number,
  manifest: string,
  status = "deployed",
): KubeObject {
  const packed = gzipSync(JSON.stringify({ name: release, version: revision, manifest }));
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "helm.sh/release.v1",
    metadata: {
      name: `sh.helm.release.v1.${release}.v${revision}`,
      namespace: "default",
      labels: { owner: "helm", name: release, status, version: String(revision) },
    },
    data: { release: Buffer.from(packed.toString("base64")).toString("base64") },
  };
}

function inPod(name: string, more: (image: string) => Readonly<Record<string, unknown>>): Use {
  return {
    name,
    object: (id, image) =>
      workload("Pod", id, { containers: [{ name: "main", image: OTHER }], ...more(image) }),
  };
}

function custom(apiVersion: string, kind: string, name: string, image: string): KubeObject {
  const template = { spec: { containers: [{ name: "main", image }] } };
  return { apiVersion, kind, metadata: { name, namespace: "default" }, spec: { template } };
}
