import { describe, expect, it } from "vitest";

import { startCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { inGroup } from "../../../contract-tests/kubernetes/resources.ts";
import {
  WORKLOAD_KINDS,
  runningPod,
  workload,
} from "../../../contract-tests/kubernetes/workloads.ts";
import { SCOPE, lines, readUsage } from "./clusters.ts";

describe("what workloads run", () => {
  it.each(WORKLOAD_KINDS)("is read from every %s", async (kind) => {
    await using cluster = await startCluster();
    await cluster.put(workload(kind, "web", "reg.example/shop:1"));

    expect(await readUsage(cluster)).toEqual([
      {
        cluster: "test",
        namespace: "default",
        object: `${kind}/web`,
        container: "main",
        image: "reg.example/shop:1",
      },
    ]);
  });

  it("is read from init and ephemeral containers, and from volumes of images", async () => {
    await using cluster = await startCluster();
    const spec = {
      containers: [{ name: "main", image: "reg.example/shop:main" }],
      initContainers: [{ name: "before", image: "reg.example/shop:init" }],
      ephemeralContainers: [{ name: "look", image: "reg.example/shop:debug" }],
      volumes: [
        { name: "data", image: { reference: "reg.example/shop:data" } },
        { name: "other", emptyDir: {} },
      ],
    };
    await cluster.put(workload("Pod", "web", spec));

    expect(lines(await readUsage(cluster))).toEqual([
      "default Pod/web before reg.example/shop:init",
      "default Pod/web look reg.example/shop:debug",
      "default Pod/web main reg.example/shop:main",
      "default Pod/web volume data reg.example/shop:data",
    ]);
  });

  it("is told by the content that a node runs, too", async () => {
    await using cluster = await startCluster();
    const digest = `sha256:${"a".repeat(64)}`;
    const spec = { containers: [{ name: "main", image: "shop:1" }] };
    const status = {
      name: "main",
      image: "docker.io/library/shop:1",
      imageID: `docker-pullable://shop@${digest}`,
    };
    await cluster.put(runningPod({ name: "web" }, spec, [status]));

    expect(lines(await readUsage(cluster))).toEqual([
      "default Pod/web main docker-pullable://shop@" + digest,
      "default Pod/web main docker.io/library/shop:1",
      "default Pod/web main shop:1",
    ]);
  });

  it("has the name beside a bare digest, which may be one of a configuration", async () => {
    await using cluster = await startCluster();
    const digest = `sha256:${"b".repeat(64)}`;
    const spec = { containers: [{ name: "main", image: "reg.example/shop:1" }] };
    const status = { name: "main", image: digest, imageID: digest };
    await cluster.put(runningPod({ name: "web" }, spec, [status]));

    const used = await readUsage(cluster);

    expect(used.filter(({ image }) => image === digest)).toEqual(
      [1, 2].map(() => expect.objectContaining({ of: "reg.example/shop:1" })),
    );
  });
});

describe("jobs that have ended", () => {
  const ended = (kind: "Complete" | "Failed") => ({
    ...workload("Job", `job-${kind.toLowerCase()}`, "reg.example/shop:job"),
    status: { conditions: [{ type: kind, status: "True" }] },
  });
  const leftover = {
    ...workload("Pod", "job-pod", "reg.example/shop:pod"),
    metadata: { name: "job-pod", ownerReferences: [{ kind: "Job", name: "job" }] },
    status: { phase: "Succeeded" },
  };

  it("count unless they are told not to, with the pods they left", async () => {
    await using cluster = await startCluster();
    for (const object of [ended("Complete"), ended("Failed"), leftover]) await cluster.put(object);
    await cluster.put(workload("Job", "running", "reg.example/shop:running"));

    const scope = { ...SCOPE, finishedJobs: false };

    expect(await readUsage(cluster)).toHaveLength(4);
    expect(lines(await readUsage(cluster, { scope }))).toEqual([
      "default Job/running main reg.example/shop:running",
    ]);
  });
});

describe("CronJobs", () => {
  it("are read in the older version where a cluster has no other", async () => {
    const resources = inGroup("batch", "v1beta1", ["CronJob"]);
    await using cluster = await startCluster({ resources, without: ["cronjobs"] });
    const cronJob = workload("CronJob", "nightly", "reg.example/shop:1");
    await cluster.put({ ...cronJob, apiVersion: "batch/v1beta1" });

    expect(lines(await readUsage(cluster))).toEqual([
      "default CronJob/nightly main reg.example/shop:1",
    ]);
  });
});
