import type { ClusterApi } from "./api.ts";
import { pathOf, qualifiedName } from "./discovery.ts";
import { ClusterError, KubeConfigError } from "./error.ts";
import type { ReadKind } from "./kinds.ts";
import { RELEASE_SELECTOR } from "./helm.ts";
import type { ListPath } from "./lists.ts";

/** The lists of a kind: one, or one a namespace. */
export function listsOf({ namespaces }: ClusterApi, kind: ReadKind): ListPath[] {
  const { group, version, resource, pageSize, query } = kind;
  const places = namespaces === "all" ? [""] : namespaces.map(namespacePath);
  return places.map((place) => ({
    path: `${pathOf(group, version)}${place}/${resource}`,
    pageSize,
    ...(query === undefined ? {} : { query }),
  }));
}

/**
 * Asks for one object of every list, all at once. Rejects with a `ClusterError` that names every right that is missing.
 */
export async function checkLists(api: ClusterApi, kinds: readonly ReadKind[]): Promise<void> {
  const checks = kinds.flatMap((kind) => listsOf(api, kind).map((list) => ({ kind, list })));
  const answers = await Promise.all(
    checks.map(async ({ kind, list }) => ({
      kind,
      answer: await api.get(list.path, { ...list.query, limit: "1" }),
    })),
  );
  const [absent] = answers.filter(({ answer }) => answer.kind === "absent");
  if (absent !== undefined) {
    throw new ClusterError(
      "protocol",
      `cluster ${api.name} serves no ${qualifiedName(absent.kind)}; is its address that of an API server?`,
    );
  }
  const forbidden = answers.flatMap(({ kind, answer }) =>
    answer.kind === "forbidden" ? [{ kind, message: answer.message }] : [],
  );
  const [first] = forbidden;
  if (first === undefined) return;
  const names = [...new Set(forbidden.map(({ kind }) => qualifiedName(kind)))];
  const where =
    api.namespaces === "all" ? "in all namespaces" : `in namespace ${api.namespaces.join(", ")}`;
  const narrower =
    api.namespaces === "all" ? ", or name the namespaces with --kube-scan-namespaces" : "";
  const releases = forbidden.some(({ kind }) => kind.query === RELEASE_SELECTOR)
    ? "; usage.kubernetes.helmRevisions: 0 leaves Helm releases, and with them secrets, unread"
    : "";
  throw new ClusterError(
    "forbidden",
    `cluster ${api.name}: the verb "list" is missing on ${names.join(", ")} ${where}: ${first.message}; grant it${narrower}${releases}`,
  );
}

/**
 * Whether every namespace is in one of the clusters: the list of one that is not there is empty, as if nothing ran.
 * Rejects with `KubeConfigError`. A cluster that does not tell is believed to have it.
 */
export async function checkNamespaces(
  apis: readonly ClusterApi[],
  namespaces: readonly string[],
): Promise<void> {
  for (const name of namespaces) {
    const answers = await Promise.all(apis.map((api) => api.get(`/api/v1${namespacePath(name)}`)));
    if (answers.length === 0 || answers.some(({ kind }) => kind !== "absent")) continue;
    throw new KubeConfigError(
      `--kube-scan-namespaces ${name}: no cluster has such a namespace; check the spelling`,
    );
  }
}

function namespacePath(name: string): string {
  return `/namespaces/${encodeURIComponent(name)}`;
}
