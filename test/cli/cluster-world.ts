import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { TestCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { ARGO_ROLLOUTS, KNATIVE_SERVING } from "../../contract-tests/kubernetes/resources.ts";
import { CUSTOM_USES, MACHINES, POD_USES } from "../../contract-tests/kubernetes/uses.ts";
import type { Run } from "./run.ts";
import { LAST_OF_MAIN, openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

/** A world beside a cluster. The cluster ends with it. */
export interface ClusterWorld<Cluster extends TestCluster> extends AsyncDisposable {
  readonly world: World;
  readonly cluster: Cluster;
  /** Options that name the repository, the clone and the cluster. */
  readonly where: readonly string[];
  /** Cleans with the cluster, and with what the section `usage` says. */
  clean(args?: readonly string[]): Promise<Run>;
}

export async function openClusterWorld<Cluster extends TestCluster>(
  cluster: Cluster,
  spec: WorldSpec = {},
  usage: Readonly<Record<string, unknown>> = {},
): Promise<ClusterWorld<Cluster>> {
  const world = await openWorld(spec);
  const config = join(world.root, "tidemark.yaml");
  const content = { configVersion: 1, project: "shop", cleanup: LAST_OF_MAIN, usage };
  await writeFile(config, JSON.stringify(content));
  const place = ["--repo", world.address, "--dir", world.clone];
  const where = [...place, "--kube-config", cluster.kubeconfig.path];
  return {
    world,
    cluster,
    where,
    clean: (args = []) =>
      world.runRaw(["cleanup", ...where, "--config", config, "--output", "json", ...args]),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Kinds that a cluster has to have for `endEveryUse`. */
export const USED_RESOURCES = [...ARGO_ROLLOUTS, ...KNATIVE_SERVING, MACHINES];

const ALL_USES = [...POD_USES, ...CUSTOM_USES];
const WAYS = ALL_USES.flatMap((use, place) => [
  { use, id: `t${place}`, by: "tag" as const },
  { use, id: `d${place}`, by: "digest" as const },
]);

/** What cleanups removed, one line each: the exit code, what was ended before, and the stages that went. */
export interface Removals {
  readonly found: readonly string[];
  /** The same if with each use exactly its images go. */
  readonly wanted: readonly string[];
}

/**
 * Uses an old image in every way there is, by tag and by digest, and cleans: nothing but what is unused should go. Then
 * ends one use after the other and cleans after each.
 */
export async function endEveryUse(cluster: TestCluster): Promise<Removals> {
  const registry = {
    stages: [stage("kept"), stage("unused"), ...WAYS.map(({ id }) => stage(id))],
    records: [["shop", "c3", "kept"] as [string, string, string]],
  };
  const customResources = [{ group: MACHINES.group, version: "v1", resource: "machines" }];
  const kubernetes = { customResources };
  await using all = await openClusterWorld(cluster, { registry }, { kubernetes });
  const { world, clean } = all;
  const digests = world.tags();
  const objects = WAYS.map(({ use, id, by }) => {
    const tag = world.tag(id);
    const pinned = `${world.address}@${digests[tag] ?? ""}`;
    return { use, id, object: use.object(id, by === "tag" ? `${world.address}:${tag}` : pinned) };
  });
  for (const { object } of objects) await cluster.put(object);

  const found: string[] = [];
  const wanted: string[] = [];
  const cleanAfter = async (what: string, ids: readonly string[]): Promise<void> => {
    const before = world.tags();
    const { exit } = await clean();
    found.push([exit, what, ...stagesGone(before, world)].join(" "));
    wanted.push([0, what, ...ids.map((id) => world.tag(id)).sort()].join(" "));
  };
  await cleanAfter("nothing", ["unused"]);
  for (const use of ALL_USES) {
    const own = objects.filter((one) => one.use === use);
    for (const { object } of own) await cluster.remove(object);
    await cleanAfter(
      use.name,
      own.map(({ id }) => id),
    );
  }
  return { found, wanted };
}

/** Stages that were there before and are not now. */
export function stagesGone(before: Readonly<Record<string, unknown>>, world: World): string[] {
  const now = world.tags();
  return Object.keys(before)
    .filter((tag) => !(tag in now) && /^[0-9a-f]{56}-[0-9]{13}$/.test(tag))
    .sort();
}
