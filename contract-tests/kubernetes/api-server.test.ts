import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PEERS, peersAreRequired } from "../servers/peers.ts";
import { SCOPE, lines, readUsage } from "../../test/usage/kubernetes/clusters.ts";
import { missingForApiServer, startApiServer } from "./api-server.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";
import type { Grant } from "./access.ts";
import { ARGO_ROLLOUTS, KNATIVE_SERVING } from "./resources.ts";
import { CUSTOM_USES, MACHINES, POD_USES, helmRelease } from "./uses.ts";

const RESOURCES = [...ARGO_ROLLOUTS, ...KNATIVE_SERVING, MACHINES];
const missing = missingForApiServer();

describe(`reading clusters on ${PEERS["kube-apiserver"]}`, () => {
  it.skipIf(missing.length > 0 && !peersAreRequired())("its programs are installed", () => {
    expect(missing).toEqual([]);
  });
});

describe.runIf(missing.length === 0)("the API server of Kubernetes", () => {
  const scope = {
    ...SCOPE,
    customResources: [{ group: MACHINES.group, version: "v1", resource: "machines" }],
  };
  let real: TestCluster;
  let ours: TestCluster;

  beforeAll(async () => {
    real = await startApiServer({ resources: RESOURCES });
    ours = await startCluster({ resources: RESOURCES });
  }, 120_000);
  afterAll(async () => {
    await real[Symbol.asyncDispose]();
    await ours[Symbol.asyncDispose]();
  });

  it.each([...POD_USES, ...CUSTOM_USES])("shows the same as ours: $name", async (use) => {
    const digest = `sha256:${"a".repeat(64)}`;
    const tagged = use.object("tagged", "reg.example/shop:1");
    const pinned = use.object("pinned", `reg.example/shop@${digest}`);
    const objects = [tagged, pinned];
    for (const object of objects) {
      await real.put(object);
      await ours.put(object);
    }

    const used = lines(await readUsage(real, { scope }));

    expect(used.filter((line) => line.endsWith("reg.example/shop:1"))).toHaveLength(1);
    expect(used.filter((line) => line.endsWith(digest))).toHaveLength(1);
    expect(used).toEqual(lines(await readUsage(ours, { scope })));
    for (const object of objects) {
      await real.remove(object);
      await ours.remove(object);
    }
    expect(await readUsage(real, { scope })).toEqual([]);
  });

  it("is read in pages", async () => {
    const releases = Array.from({ length: 120 }, (_, place) =>
      helmRelease(`release-${place}`, 1, `image: reg.example/shop:${place}`),
    );
    for (const release of releases) await real.put(release);

    const used = await readUsage(real, { scope });

    expect(new Set(used.map(({ image }) => image)).size).toBe(120);
    for (const release of releases) await real.remove(release);
  });
});

describe.runIf(missing.length === 0)("rights on the API server of Kubernetes", () => {
  it("are missed in the same words as on ours", async () => {
    const grants: Grant[] = [
      { groups: ["", "apps"], resources: ["*"], verbs: ["list"] },
      { namespace: "default", groups: ["batch"], resources: ["*"], verbs: ["list"] },
    ];
    await using real = await startApiServer({ grants });
    await using ours = await startCluster({ grants });
    const refusals: string[] = [];
    for (const cluster of [real, ours]) {
      const refusal = await readUsage(cluster).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject({ name: "ClusterError", code: "forbidden" });
      refusals.push(refusal instanceof Error ? refusal.message : "");
      expect(await readUsage(cluster, { namespaces: ["default"] })).toEqual([]);
    }

    expect(refusals[0]).toMatch(/"list" is missing on cronjobs\.batch, jobs\.batch in all/);
    expect(refusals[0]?.replace('"ci"', "USER")).toBe(
      refusals[1]?.replace('"system:serviceaccount:ci:tidemark"', "USER"),
    );
  }, 120_000);
});
