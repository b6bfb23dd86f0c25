import type { ClusterApi } from "./api.ts";
import { ClusterError } from "./error.ts";
import { listAt, textAt } from "./json.ts";
import { builtInKinds, cronJobs, searched } from "./kinds.ts";
import type { ReadKind } from "./kinds.ts";
import type { CustomResource, UsageScope } from "./request.ts";

/** Kinds of others that run images and that many clusters have, with the group they come in. */
const WELL_KNOWN: Readonly<Record<string, readonly string[]>> = {
  "argoproj.io": ["rollouts"],
  "serving.knative.dev": ["services", "configurations", "revisions"],
};

export interface Discovered {
  readonly kinds: readonly ReadKind[];
  /** Those of the configuration that this cluster does not have. */
  readonly unknown: readonly CustomResource[];
}

/** Finds out which kinds a cluster has. Rejects with `ClusterError`. */
export async function discoverKinds(api: ClusterApi, scope: UsageScope): Promise<Discovered> {
  const groups = await readGroups(api);
  /** By path, so that each is read once. */
  const read = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const kindsIn = (group: string, version: string): Promise<ReadonlyMap<string, string>> => {
    const path = pathOf(group, version);
    const known = read.get(path) ?? readResources(api, path);
    read.set(path, known);
    return known;
  };

  const [jobs, wellKnown, custom] = await Promise.all([
    findCronJobs(),
    Promise.all(Object.entries(WELL_KNOWN).map(([group, names]) => findKnown(group, names))),
    Promise.all(scope.customResources.map(findCustom)),
  ]);
  const found = custom.flatMap(({ kind }) => (kind === undefined ? [] : [kind]));
  const all = [...builtInKinds(scope), ...jobs, ...wellKnown.flat(), ...found];
  const once = new Map(all.toReversed().map((kind) => [keyOf(kind), kind]));
  return {
    kinds: [...once.values()].toReversed().sort((a, b) => placeOf(a) - placeOf(b)),
    unknown: custom.flatMap(({ kind, resource }) => (kind === undefined ? [resource] : [])),
  };

  async function findCronJobs(): Promise<ReadKind[]> {
    for (const version of ["v1", "v1beta1"]) {
      if (groups.get("batch")?.includes(version) !== true) continue;
      if ((await kindsIn("batch", version)).has("cronjobs")) return [cronJobs(version)];
    }
    return [];
  }

  /** In the version that the cluster prefers. */
  async function findKnown(group: string, names: readonly string[]): Promise<ReadKind[]> {
    const [version] = groups.get(group) ?? [];
    if (version === undefined) return [];
    const kinds = await kindsIn(group, version);
    return names.flatMap((name) => {
      const kind = kinds.get(name);
      return kind === undefined ? [] : [searched(group, version, name, kind)];
    });
  }

  async function findCustom(
    resource: CustomResource,
  ): Promise<{ readonly resource: CustomResource; readonly kind?: ReadKind }> {
    const { group, version, resource: name } = resource;
    const isServed = group === "" || groups.get(group)?.includes(version) === true;
    const kind = isServed ? (await kindsIn(group, version)).get(name) : undefined;
    if (kind === undefined) return { resource };
    return { resource, kind: searched(group, version, name, kind) };
  }
}

/** Kinds that others make come last: who made them says more about why an image is in use. */
function placeOf({ resource }: ReadKind): number {
  return ["jobs", "replicasets", "pods"].indexOf(resource);
}

/** `/api/v1`, `/apis/apps/v1`. */
export function pathOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** `pods`, `deployments.apps`. */
export function qualifiedName({ group, resource }: Pick<ReadKind, "group" | "resource">): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** Secrets are read once for releases, and may be asked for once more as a custom resource. */
function keyOf(kind: ReadKind): string {
  return `${qualifiedName(kind)} ${kind.version} ${JSON.stringify(kind.query ?? {})}`;
}

/** Groups with their versions, the preferred one first. */
async function readGroups(api: ClusterApi): Promise<ReadonlyMap<string, readonly string[]>> {
  const answer = await api.get("/apis");
  if (answer.kind !== "found" || textAt(answer.value, "kind") !== "APIGroupList") {
    throw noApi(api, answer.kind === "forbidden" ? answer.message : "it lists no groups at /apis");
  }
  return new Map(
    listAt(answer.value, "groups").map((group) => {
      const preferred = textAt(group, "preferredVersion", "version");
      const versions = listAt(group, "versions").flatMap((one) => textAt(one, "version") ?? []);
      const first = preferred === undefined ? [] : [preferred];
      return [textAt(group, "name") ?? "", [...new Set([...first, ...versions])]];
    }),
  );
}

/** Kinds by the names of their lists. */
async function readResources(api: ClusterApi, path: string): Promise<ReadonlyMap<string, string>> {
  const answer = await api.get(path);
  if (answer.kind === "absent") return new Map();
  if (answer.kind !== "found") {
    throw noApi(api, answer.kind === "forbidden" ? answer.message : `${path} expired`);
  }
  return new Map(
    listAt(answer.value, "resources").map((one) => [
      textAt(one, "name") ?? "",
      textAt(one, "kind") ?? "",
    ]),
  );
}

function noApi({ name }: ClusterApi, why: string): ClusterError {
  return new ClusterError(
    "protocol",
    `cluster ${name} does not tell which kinds of objects it has: ${why}`,
  );
}
