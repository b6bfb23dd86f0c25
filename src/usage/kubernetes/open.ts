import { setTimeout } from "node:timers/promises";

import type { UsedImage } from "../used-image.ts";
import { openApi } from "./api.ts";
import type { ApiDeps, ClusterApi } from "./api.ts";
import { loadContexts } from "./config.ts";
import type { Surroundings } from "./config.ts";
import { discoverKinds } from "./discovery.ts";
import type { Discovered } from "./discovery.ts";
import { KubeConfigError } from "./error.ts";
import type { ReadKind } from "./kinds.ts";
import { listAll } from "./lists.ts";
import { checkLists, checkNamespaces, listsOf } from "./preflight.ts";
import type { ClusterRequest } from "./request.ts";
import { chooseTargets } from "./targets.ts";
import { allOrEveryFailure, inLanes } from "./together.ts";

/** Clusters that images are used in. */
export interface Clusters extends AsyncDisposable {
  /** Names of their contexts; empty only where a missing cluster was allowed. */
  readonly names: readonly string[];
  /**
   * Whether everything may be listed, of every kind at once; asked once. Rejects with `ClusterError`, one line a cluster.
   */
  check(): Promise<void>;
  /**
   * Every image in use. Rejects with `ClusterError`.
   *
   * @param maxAgeMs How long ago a reading may have begun that is answered again. Default: 0, they are read now.
   */
  read(options?: { readonly maxAgeMs?: number }): Promise<readonly UsedImage[]>;
}

export interface OpenOptions extends Omit<ApiDeps, "sleep">, Surroundings {
  /** Whether a cluster that is missing is left out. */
  readonly tolerant: boolean;
}

/** Lists in flight, for all clusters together. */
const PARALLEL_LISTS = 6;

/**
 * Finds the clusters. Nothing is sent to them yet.
 *
 * Rejects with `KubeConfigError` for a configuration that cannot be used, and with `ClusterMissingError`.
 */
export async function openClusters(
  request: ClusterRequest,
  options: OpenOptions,
): Promise<Clusters> {
  const found = await loadContexts(request.connection, options);
  const targets = await chooseTargets(request, found, options);
  const sleep = (ms: number): Promise<void> =>
    setTimeout(ms, undefined, { signal: options.signal });
  const apis = targets.map((target) => openApi(target, { ...options, sleep }));
  let discovered: Promise<readonly KnownCluster[]> | undefined;
  let checked: Promise<void> | undefined;
  let last: { readonly at: number; readonly used: Promise<readonly UsedImage[]> } | undefined;

  return {
    names: apis.map(({ name }) => name),
    check() {
      checked ??= checkAll();
      return checked;
    },
    read({ maxAgeMs = 0 } = {}) {
      const at = options.now().getTime();
      if (last === undefined || at - last.at >= maxAgeMs) last = { at, used: readAll() };
      return last.used;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(apis.map((api) => api[Symbol.asyncDispose]()));
    },
  };

  async function checkAll(): Promise<void> {
    const known = await discover();
    await allOrEveryFailure(known.map(({ api, kinds }) => checkLists(api, kinds)));
    if (typeof request.namespaces !== "string") await checkNamespaces(apis, request.namespaces);
  }

  async function readAll(): Promise<readonly UsedImage[]> {
    const lists = (await discover()).flatMap(({ api, kinds }) =>
      kinds.flatMap((kind) => listsOf(api, kind).map((list) => ({ api, kind, list }))),
    );
    return inLanes(lists, PARALLEL_LISTS, async ({ api, kind, list }) =>
      readList(api, kind, listAll(api, list)),
    );
  }

  /** What a cluster has does not change while a run lasts. */
  function discover(): Promise<readonly KnownCluster[]> {
    discovered ??= discoverAll();
    return discovered;
  }

  async function discoverAll(): Promise<readonly KnownCluster[]> {
    const known = await allOrEveryFailure(
      apis.map(async (api) => ({ api, ...(await discoverKinds(api, request.scope)) })),
    );
    for (const resource of request.scope.customResources) {
      if (known.length > 0 && known.every(({ unknown }) => unknown.includes(resource))) {
        const { group, version, resource: name } = resource;
        throw new KubeConfigError(
          `usage.kubernetes.customResources: no cluster has ${name} in ${group === "" ? "" : `${group}/`}${version}; check the spelling (resource is the plural)`,
        );
      }
    }
    return known;
  }
}

interface KnownCluster extends Discovered {
  readonly api: ClusterApi;
}

async function readList(
  { name: cluster }: ClusterApi,
  kind: ReadKind,
  objects: AsyncIterable<unknown>,
): Promise<UsedImage[]> {
  const used: UsedImage[] = [];
  for await (const found of kind.find(objects, cluster)) used.push({ cluster, ...found });
  return used;
}
