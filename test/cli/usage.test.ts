import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import type { FakeCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { workload } from "../../contract-tests/kubernetes/workloads.ts";
import { USED_RESOURCES, openClusterWorld, endEveryUse, stagesGone } from "./cluster-world.ts";
import type { ClusterWorld } from "./cluster-world.ts";
import { LAST_OF_MAIN, stage } from "./world.ts";

describe("images in use", () => {
  it("stay in every way to use them, by tag and by digest, and go one by one when they are not", async () => {
    const { found, wanted } = await endEveryUse(await startCluster({ resources: USED_RESOURCES }));

    expect(found).toEqual(wanted);
  }, 300_000);

  it("are told with the object that uses them", async () => {
    await using all = await openClusterWorld(await startCluster());
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
      stages: [stage("kept"), stage("broken"), stage("unused")],
      rejected: ["broken", "unused"],
      records: [["shop", "c3", "kept"] as [string, string, string]],
    };
    await using all = await openClusterWorld(await startCluster(), { registry });
    const { world, cluster, clean } = all;
    const before = world.tags();
    const image = `${world.address}:${world.tag("broken")}`;
    await cluster.put(workload("Deployment", "web", image, "shop"));

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(stagesGone(before, world)).toEqual([world.tag("unused")]);
    expect(world.tags()).toHaveProperty([`${world.tag("broken")}-rejected`]);
  });

  it("stay under another address that the configuration tells", async () => {
    await using all = await openClusterWorld(await startCluster());
    const { world, cluster, clean } = all;
    const before = world.tags();
    const [host] = world.address.split("/");
    const config = join(world.root, "tidemark.yaml");
    const usage = { aliases: { [`${host}/acme`]: ["registry.internal/mirror"] } };
    const content = { configVersion: 1, project: "shop", cleanup: LAST_OF_MAIN, usage };
    await writeFile(config, JSON.stringify(content));
    const used = [
      `registry.internal/mirror/shop:${world.tag("s1")}`,
      `elsewhere.test/api:${world.tag("s2")}`,
    ];
    for (const [place, image] of used.entries()) {
      await cluster.put(workload("Deployment", `web-${place}`, image));
    }

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(stagesGone(before, world)).toEqual([world.tag("s2")]);
  });

  it("stop a saved plan that lets them go", async () => {
    await using all = await openClusterWorld(await startCluster());
    const { world, cluster, where, clean } = all;
    const plan = join(world.root, "plan.json");
    await clean(["--dry-run", "--plan-out", plan]);
    const image = `${world.address}:${world.tag("s1")}`;
    await cluster.put(workload("Deployment", "web", image));
    const before = world.tags();

    const run = await world.runRaw(["apply", plan, ...where]);

    expect(run.exit).toBe(4);
    expect(run.stderr).toContain(
      `the plan deletes ${world.tag("s1")}, and Deployment/web in cluster test needs it by now`,
    );
    expect(world.tags()).toEqual(before);
  });

  it("stay when they came into use after the plan was made", async () => {
    let found: ClusterWorld<FakeCluster> | undefined;
    let readings = 0;
    const cluster = await startCluster({
      fault({ path, query }) {
        if (!path.endsWith("/deployments") || query.get("limit") === "1") return undefined;
        readings += 1;
        if (readings === 2 && found !== undefined) {
          const image = `${found.world.address}:${found.world.tag("s1")}`;
          void found.cluster.put(workload("Deployment", "late", image));
        }
        return undefined;
      },
    });
    await using all = await openClusterWorld(cluster);
    found = all;
    const { world, clean } = all;
    const before = world.tags();

    expect(await clean()).toMatchObject({ exit: 0 });
    expect(stagesGone(before, world)).toEqual([world.tag("s2")]);
  });
});
