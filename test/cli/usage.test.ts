import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import type { ClusterOptions, FakeCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { ARGO_ROLLOUTS, KNATIVE_SERVING } from "../../contract-tests/kubernetes/resources.ts";
import { CUSTOM_USES, MACHINES, POD_USES } from "../../contract-tests/kubernetes/uses.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import type { Run } from "./run.ts";
import { LAST_OF_MAIN, openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

interface ClusterWorld extends AsyncDisposable {
  readonly world: World;
  readonly cluster: FakeCluster;
  /** Options that name the repository, the clone and the cluster. */
  readonly where: readonly string[];
  /** Cleans with the cluster, and with what the section `usage` says. */
  clean(args?: readonly string[]): Promise<Run>;
}

async function open(
  spec: WorldSpec = {},
  options: ClusterOptions = {},
  usage: Readonly<Record<string, unknown>> = {},
): Promise<ClusterWorld> {
  const world = await openWorld(spec);
  const cluster = await startCluster(options);
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

const ALL_USES = [...POD_USES, ...CUSTOM_USES];
const WAYS = ALL_USES.flatMap((use, place) => [
  { use, id: `t${place}`, by: "tag" as const },
  { use, id: `d${place}`, by: "digest" as const },
]);

describe("images in use", () => {
  it("stay in every way to use them, by tag and by digest, and go one by one when they are not", async () => {
    const registry = {
      stages: [stage("kept"), stage("unused"), ...WAYS.map(({ id }) => stage(id))],
      records: [["shop", "c3", "kept"] as [string, string, string]],
    };
    const resources = [...ARGO_ROLLOUTS, ...KNATIVE_SERVING, MACHINES];
    const customResources = [{ group: MACHINES.group, version: "v1", resource: "machines" }];
    await using all = await open({ registry }, { resources }, { kubernetes: { customResources } });
    const { world, cluster, clean } = all;
    const digests = world.tags();
    const objects = WAYS.map(({ use, id, by }) => {
      const tag = world.tag(id);
      const pinned = `${world.address}@${digests[tag] ?? ""}`;
      return { use, id, object: use.object(id, by === "tag" ? `${world.address}:${tag}` : pinned) };
    });
    for (const { object } of objects) await cluster.put(object);

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(goneFrom(digests, world)).toEqual([world.tag("unused")]);
    for (const use of ALL_USES) {
      const before = world.tags();
      const own = objects.filter((one) => one.use === use);
      for (const { object } of own) await cluster.remove(object);

      expect(await clean()).toMatchObject({ exit: 0 });
      expect([use.name, ...goneFrom(before, world)]).toEqual([
        use.name,
        ...own.map(({ id }) => world.tag(id)).sort(),
      ]);
    }
  }, 180_000);

  it("are told with the object that uses them", async () => {
    await using all = await open();
    const { world, cluster, where } = all;
    const image = `${world.address}:${world.tag("s1")}`;
    await cluster.put(workload("Deployment", "web", image, "shop"));

    const run = await world.runRaw(["explain", world.tag("s1"), ...where]);

    expect(run.stdout).toContain(
      `Deployment/web uses it as ${image} (main) in cluster test, namespace shop`,
    );
  });

  it("stay though they are marked as rejected", async () => {
    const registry = {
      stages: [stage("kept"), stage("broken")],
      rejected: ["broken"],
      records: [["shop", "c3", "kept"] as [string, string, string]],
    };
    await using all = await open({ registry });
    const { world, cluster, clean } = all;
    const before = world.tags();
    await cluster.put(
      workload("Deployment", "web", `${world.address}:${world.tag("broken")}`, "shop"),
    );

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(goneFrom(before, world)).toEqual([]);
  });

  it("stay when they came into use after the plan was made", async () => {
    let found: ClusterWorld | undefined;
    let readings = 0;
    await using all = await open(
      {},
      {
        fault({ path, query }) {
          if (!path.endsWith("/deployments") || query.get("limit") === "1") return undefined;
          readings += 1;
          if (readings === 2 && found !== undefined) {
            const { world, cluster } = found;
            const image = `${world.address}:${world.tag("s1")}`;
            void cluster.put(workload("Deployment", "late", image));
          }
          return undefined;
        },
      },
    );
    found = all;
    const { world, clean } = all;
    const before = world.tags();

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(goneFrom(before, world)).not.toContain(world.tag("s1"));
    expect(goneFrom(before, world)).toContain(world.tag("s2"));
  });
});

function goneFrom(before: Readonly<Record<string, unknown>>, world: World): string[] {
  const now = world.tags();
  const isStage = /^[0-9a-f]{56}-[0-9]{13}$/;
  return Object.keys(before)
    .filter((tag) => !(tag in now) && isStage.test(tag))
    .sort();
}
