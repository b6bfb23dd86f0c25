import { describe, expect, it } from "vitest";

import { answer } from "../../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../../contract-tests/fakes/message.ts";
import { startCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import type { FakeCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { refuse } from "../../../contract-tests/kubernetes/status.ts";
import { workload } from "../../../contract-tests/kubernetes/workloads.ts";
import { open, readUsage, requestFor } from "./clusters.ts";

/** As many pods as three pages take. */
const PODS = 1_100;

async function fill(cluster: FakeCluster): Promise<void> {
  for (let place = 0; place < PODS; place += 1) {
    await cluster.put(workload("Pod", `pod-${place}`, `reg.example/shop:${place}`));
  }
}

function isPage({ path, query }: Pick<FakeRequest, "path" | "query">): boolean {
  return path === "/api/v1/pods" && query.get("limit") !== "1";
}

describe("a long list", () => {
  it("is read page by page", async () => {
    await using cluster = await startCluster();
    await fill(cluster);

    expect(await readUsage(cluster)).toHaveLength(PODS);
    expect(cluster.requests().filter(isPage)).toHaveLength(3);
  });

  it("begins again when it has grown too old, and then has everything", async () => {
    let pages = 0;
    const fault = (request: FakeRequest): undefined => {
      if (!isPage(request)) return;
      pages += 1;
      if (pages === 2) cluster.expireLists();
    };
    await using cluster: FakeCluster = await startCluster({ fault });
    await fill(cluster);

    const images = new Set((await readUsage(cluster)).map(({ image }) => image));

    expect(images.size).toBe(PODS);
    expect(pages).toBe(5);
  });

  it("is read in one piece when its pages never last", async () => {
    const fault = (request: FakeRequest): undefined => {
      if (request.query.get("continue") !== null) cluster.expireLists();
    };
    await using cluster: FakeCluster = await startCluster({ fault });
    await fill(cluster);

    const images = new Set((await readUsage(cluster)).map(({ image }) => image));

    expect(images.size).toBe(PODS);
    expect(cluster.requests().filter(isPage).at(-1)?.query.get("limit")).toBeNull();
  });

  it("that ends early, or is none, is an error and not a shorter list", async () => {
    const shorter = { kind: "PodList", apiVersion: "v1", metadata: {} };
    for (const body of [JSON.stringify(shorter), "[]", "null", '{"items":', "{}"]) {
      const fault = (request: FakeRequest): FakeResponse | undefined =>
        isPage(request)
          ? answer(200, { "content-type": "application/json" }, Buffer.from(body))
          : undefined;
      await using cluster = await startCluster({ fault });

      await expect(readUsage(cluster)).rejects.toMatchObject({
        name: "ClusterError",
        code: "protocol",
      });
    }
  });

  it("that is cut on the wire is read again, and is an error when it stays cut", async () => {
    let cuts = 0;
    const cutOnce =
      (most: number) =>
      (request: FakeRequest): FakeResponse | undefined => {
        if (!isPage(request) || cuts >= most) return undefined;
        cuts += 1;
        const body = Buffer.from('{"items":[]}');
        return { ...answer(200, {}, body), broken: { kind: "cut", bytes: 4 } };
      };
    await using once = await startCluster({ fault: cutOnce(1) });
    await once.put(workload("Pod", "web", "reg.example/shop:1"));
    expect(await readUsage(once)).toHaveLength(1);

    cuts = 0;
    await using always = await startCluster({ fault: cutOnce(Number.POSITIVE_INFINITY) });
    await expect(readUsage(always)).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("a busy server", () => {
  it("is asked again after as long as it wants", async () => {
    let refusals = 0;
    await using cluster = await startCluster({
      fault(request) {
        if (!isPage(request) || refusals === 2) return undefined;
        refusals += 1;
        return refuse("TooManyRequests", "slow down", { "retry-after": "0" });
      },
    });
    await cluster.put(workload("Pod", "web", "reg.example/shop:1"));

    expect(await readUsage(cluster)).toHaveLength(1);
  });

  it("is an error in the end", async () => {
    await using cluster = await startCluster({
      fault: (request) => (isPage(request) ? refuse("InternalError", "etcd is away") : undefined),
    });

    await expect(readUsage(cluster)).rejects.toMatchObject({
      code: "unavailable",
      message: "cluster test answers /api/v1/pods with 500: etcd is away",
    });
    expect(cluster.requests().filter(isPage)).toHaveLength(4);
  });
});

describe("several readings of one run", () => {
  it("find out but once what a cluster has and whether it may be read", async () => {
    await using cluster = await startCluster();
    await using clusters = await open(requestFor(cluster));
    for (let run = 0; run < 3; run += 1) {
      await clusters.check();
      await clusters.read();
    }

    const asked = (path: string): number =>
      cluster.requests().filter((request) => request.path === path).length;
    expect(asked("/apis")).toBe(1);
    expect(asked("/api/v1/pods")).toBe(4);
  });

  it("are one while it is young enough", async () => {
    await using cluster = await startCluster();
    await using clusters = await open(requestFor(cluster));
    await clusters.read({ maxAgeMs: 60_000 });
    await cluster.put(workload("Pod", "web", "reg.example/shop:1"));

    expect(await clusters.read({ maxAgeMs: 60_000 })).toEqual([]);
    expect(await clusters.read()).toHaveLength(1);
  });
});
