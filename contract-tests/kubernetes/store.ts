import { randomUUID } from "node:crypto";

import { apiVersionOf } from "./object.ts";
import type { KubeName, KubeObject, KubeResource } from "./object.ts";

/** The objects of a cluster, and the moments a list may go on from. */
export interface Store {
  readonly resources: readonly KubeResource[];
  /** The resource of an object's kind; throws for a kind that the cluster does not serve. */
  resourceOf(name: Pick<KubeObject, "apiVersion" | "kind">): KubeResource;
  /** Creates or replaces. */
  put(object: KubeObject): KubeObject;
  remove(name: KubeName): boolean;
  get(resource: KubeResource, namespace: string, name: string): KubeObject | undefined;
  /** A namespace that was made, that has objects, or that every cluster has. */
  namespace(name: string): KubeObject | undefined;
  /** In the order of namespace and name. */
  list(resource: KubeResource, namespace: string | undefined): readonly KubeObject[];
  /** Grows with every change. */
  readonly revision: () => number;
}

export function createStore(resources: readonly KubeResource[]): Store {
  const objects = new Map<string, KubeObject>();
  let revision = 1;

  return { resources, resourceOf, put, remove, get, namespace, list, revision: () => revision };

  function resourceOf({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): KubeResource {
    const found = resources.find((one) => apiVersionOf(one) === apiVersion && one.kind === kind);
    if (found !== undefined) return found;
    throw new Error(`the cluster serves no ${kind} of ${apiVersion}`);
  }

  function put(object: KubeObject): KubeObject {
    const resource = resourceOf(object);
    const key = keyOf(resource, namespaceOf(resource, object), object.metadata.name);
    revision += 1;
    const stored: KubeObject = {
      ...object,
      metadata: {
        creationTimestamp: "2026-01-01T00:00:00Z",
        uid: randomUUID(),
        ...object.metadata,
        ...(resource.namespaced ? { namespace: namespaceOf(resource, object) } : {}),
        resourceVersion: String(revision),
      },
    };
    objects.set(key, stored);
    return stored;
  }

  function remove(name: KubeName): boolean {
    const resource = resourceOf(name);
    revision += 1;
    return objects.delete(keyOf(resource, namespaceOf(resource, name), name.metadata.name));
  }

  function get(resource: KubeResource, namespace: string, name: string): KubeObject | undefined {
    return objects.get(keyOf(resource, namespace, name));
  }

  function namespace(name: string): KubeObject | undefined {
    const made = objects.get(`/namespaces//${name}`);
    if (made !== undefined) return made;
    const isUsed = objects.values().some(({ metadata }) => metadata.namespace === name);
    if (!isUsed && !BUILT_IN_NAMESPACES.has(name)) return undefined;
    return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  }

  function list(resource: KubeResource, namespace: string | undefined): KubeObject[] {
    const start = keyOf(resource, namespace, undefined);
    const found = [...objects].filter(([key]) => key.startsWith(start));
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }
}

const BUILT_IN_NAMESPACES = new Set(["default", "kube-system", "kube-public"]);

function namespaceOf({ namespaced }: KubeResource, { metadata }: KubeName): string {
  return namespaced ? (metadata.namespace ?? "default") : "";
}

/** A key, or what the keys of a namespace or of a resource start with. */
function keyOf(
  { group, resource }: KubeResource,
  namespace: string | undefined,
  name: string | undefined,
): string {
  const start = `${group}/${resource}/`;
  if (namespace === undefined) return start;
  return name === undefined ? `${start}${namespace}/` : `${start}${namespace}/${name}`;
}
