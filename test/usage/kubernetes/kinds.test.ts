import { describe, expect, it } from "vitest";

import { startCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { ARGO_ROLLOUTS, inGroup } from "../../../contract-tests/kubernetes/resources.ts";
import { refuse } from "../../../contract-tests/kubernetes/status.ts";
import { MACHINES, helmRelease } from "../../../contract-tests/kubernetes/uses.ts";
import { SCOPE, lines, readUsage } from "./clusters.ts";

const DIGEST = `sha256:${"c".repeat(64)}`;

describe("kinds that a cluster may have", () => {
  it("are read where they are, in the version that the cluster prefers", async () => {
    const older = inGroup("serving.knative.dev", "v1beta1", ["Service"]);
    await using cluster = await startCluster({ resources: [...older, ...ARGO_ROLLOUTS] });
    const spec = { template: { spec: { containers: [{ image: "reg.example/shop:1" }] } } };
    const metadata = { name: "web", namespace: "shop" };
    await cluster.put({
      apiVersion: "serving.knative.dev/v1beta1",
      kind: "Service",
      metadata,
      spec,
    });
    await cluster.put({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata, spec });

    expect(lines(await readUsage(cluster))).toEqual([
      "shop Rollout/web spec.template.spec.containers[0].image reg.example/shop:1",
      "shop Service/web spec.template.spec.containers[0].image reg.example/shop:1",
    ]);
  });

  it("are not asked for where their group serves other kinds", async () => {
    const resources = inGroup("argoproj.io", "v1alpha1", ["Application"]);
    await using cluster = await startCluster({ resources });

    expect(await readUsage(cluster)).toEqual([]);
    expect(cluster.requests().map(({ path }) => path)).not.toContain(
      "/apis/argoproj.io/v1alpha1/rollouts",
    );
  });

  it("stop the run when it cannot be told whether they are there", async () => {
    await using cluster = await startCluster({
      resources: ARGO_ROLLOUTS,
      fault: ({ path }) =>
        path === "/apis/argoproj.io/v1alpha1"
          ? refuse("ServiceUnavailable", "the aggregated server is away")
          : undefined,
    });

    await expect(readUsage(cluster)).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("custom resources of the configuration", () => {
  const customResources = [{ group: MACHINES.group, version: "v1", resource: "machines" }];
  const scope = { ...SCOPE, customResources };
  const machine = (spec: unknown) => ({
    apiVersion: "machines.example.com/v1",
    kind: "Machine",
    metadata: {
      name: "m",
      namespace: "shop",
      annotations: {
        boots: "first reg.example/shop:note, then nothing",
        "kubectl.kubernetes.io/last-applied-configuration": '{"image":"reg.example/shop:stale"}',
      },
      managedFields: [{ manager: "reg.example/shop:manager" }],
    },
    spec,
  });

  it("are searched at any depth, in texts, and in names whose parts lie apart", async () => {
    await using cluster = await startCluster({ resources: [MACHINES] });
    await cluster.put(
      machine({
        boot: [[{ deep: { source: "reg.example/shop:deep" } }]],
        command: `run --image=reg.example/shop:flag --pull "reg.example/shop@${DIGEST}".`,
        chart: { registry: "reg.example/", repository: "acme/shop", tag: "v1" },
        kustomize: { newName: "acme/shop", newTag: 7 },
        pinned: { image: "acme/shop", digest: DIGEST },
        other: { enabled: true, size: 3, none: null, at: "2026-01-01T00:00:00Z", time: "12:30" },
      }),
    );

    const images = (await readUsage(cluster, { scope })).map(({ image }) => image);

    expect(images).toEqual(
      expect.arrayContaining([
        "reg.example/shop:deep",
        "reg.example/shop:flag",
        `reg.example/shop@${DIGEST}`,
        "reg.example/shop:note",
        "reg.example/acme/shop:v1",
        "acme/shop:7",
        `acme/shop@${DIGEST}`,
      ]),
    );
    expect(images.filter((image) => /stale|manager|2026/.test(image))).toEqual([]);
  });

  it("that no cluster has are told: the name may be misspelt", async () => {
    await using cluster = await startCluster();

    await expect(readUsage(cluster, { scope })).rejects.toMatchObject({
      name: "KubeConfigError",
      message: expect.stringContaining("no cluster has machines in machines.example.com/v1"),
    });
  });
});

describe("Helm releases", () => {
  it("keep the newest revisions, and the one that is deployed", async () => {
    await using cluster = await startCluster();
    for (let revision = 1; revision <= 12; revision += 1) {
      const status = revision === 2 ? "deployed" : "superseded";
      const manifest = `spec:\n  image: reg.example/shop:${revision}\n`;
      await cluster.put(helmRelease("web", revision, manifest, status));
    }
    await cluster.put(helmRelease("api", 1, "image: 'reg.example/api:1'\n"));
    const read = async (helmRevisions: number) =>
      (await readUsage(cluster, { scope: { ...SCOPE, helmRevisions } })).map(({ image }) => image);

    expect(await read(3)).toEqual([
      "reg.example/api:1",
      ...[12, 11, 10, 2].map((revision) => `reg.example/shop:${revision}`),
    ]);
    expect(await read(0)).toEqual([]);
    expect(cluster.requests().filter(({ path }) => path === "/api/v1/secrets")).toHaveLength(2);
  });

  it("that cannot be unpacked stop the run", async () => {
    await using cluster = await startCluster();
    const release = Buffer.from("bm90IGd6aXA=").toString("base64");
    await cluster.put({ ...helmRelease("web", 1, ""), data: { release } });

    await expect(readUsage(cluster)).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringContaining(
        "secret default/sh.helm.release.v1.web.v1 cannot be unpacked",
      ),
    });
  });

  it("are not the other secrets", async () => {
    await using cluster = await startCluster();
    const metadata = { name: "password" };
    const data = { image: Buffer.from("reg.example/shop:1").toString("base64") };
    await cluster.put({ apiVersion: "v1", kind: "Secret", type: "Opaque", metadata, data });

    expect(await readUsage(cluster)).toEqual([]);
  });
});
