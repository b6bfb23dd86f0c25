import type { FakeResponse } from "../fakes/message.ts";
import { answerJson } from "../fakes/message.ts";
import type { KubeResource } from "./object.ts";

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

/** What a cluster tells of itself; `undefined` for any other path. */
export function answerDiscovery(
  path: string,
  resources: readonly KubeResource[],
): FakeResponse | undefined {
  if (path === "/version") {
    return answerJson(200, { major: "1", minor: "34", gitVersion: "v1.34.0-test" });
  }
  if (path === "/api") return answerJson(200, { kind: "APIVersions", versions: ["v1"] });
  if (path === "/apis") {
    const groups = [...new Set(resources.map(({ group }) => group))].filter((name) => name !== "");
    return answerJson(200, {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groups.map((name) => groupOf(name, resources)),
    });
  }
  const [, group] = /^\/apis\/([^/]+)$/.exec(path) ?? [];
  if (group !== undefined && resources.some((one) => one.group === group)) {
    return answerJson(200, {
      kind: "APIGroup",
      apiVersion: "v1",
      ...groupOf(group, resources),
    });
  }
  return answerResources(path, resources);
}

function groupOf(name: string, resources: readonly KubeResource[]): Record<string, unknown> {
  const own = resources.filter(({ group }) => group === name);
  const versions = [...new Set(own.map(({ version }) => version))].map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function answerResources(
  path: string,
  resources: readonly KubeResource[],
): FakeResponse | undefined {
  const [, group, version] =
    /^\/apis\/([^/]+)\/([^/]+)$/.exec(path) ?? /^\/api()\/(v1)$/.exec(path) ?? [];
  const own = resources.filter((one) => one.group === group && one.version === version);
  if (own.length === 0) return undefined;
  return answerJson(200, {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: own.map(({ resource, kind, namespaced }) => ({
      name: resource,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: VERBS,
    })),
  });
}
