import { once } from "node:events";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PEERS } from "../servers/peers.ts";
import { openHarness } from "../../test/distribution/harness.ts";
import {
  NAMESPACE,
  annotate,
  annotationsOf,
  ask,
  openPublisher,
  patience,
} from "../../test/locks/kubernetes/world.ts";
import { missingForApiServer, startApiServer } from "./api-server.ts";
import { startCluster } from "./cluster.ts";
import type { TestCluster } from "./cluster.ts";

const missing = missingForApiServer();

const CLUSTERS = [
  { of: "our API server", start: startCluster, isThere: true },
  { of: PEERS["kube-apiserver"], start: startApiServer, isThere: missing.length === 0 },
] as const;

describe.each(CLUSTERS)("locks in $of", ({ start, isThere }) => {
  describe.skipIf(!isThere)("are those of one cluster", () => {
    let cluster: TestCluster;
    beforeAll(async () => {
      cluster = await start();
    }, 120_000);
    afterAll(async () => cluster[Symbol.asyncDispose]());

    it("makes namespace and object where they are absent, and leaves no annotation behind", async () => {
      const locks = await openPublisher(cluster, await openHarness());

      const lock = await locks.acquire("shop.1", patience());

      const path = `/api/v1/namespaces/${NAMESPACE}`;
      expect((await ask(cluster, { method: "GET", path })).status).toBe(200);
      expect(Object.keys((await annotationsOf(cluster)) ?? {})).toHaveLength(1);
      await lock.release();
      expect(await annotationsOf(cluster)).toEqual({});
    });

    it("publishers that meet in one object exclude each other", async () => {
      const harness = await openHarness();
      const publishers = await Promise.all(
        Array.from({ length: 4 }, () => openPublisher(cluster, harness)),
      );
      let inside = 0;
      let most = 0;

      await Promise.all(
        publishers.map(async (locks, place) => {
          await (await locks.acquire(`shop.own-${place}`, patience())).release();
          const lock = await locks.acquire("shop.2", patience());
          inside += 1;
          most = Math.max(most, inside);
          await annotationsOf(cluster);
          inside -= 1;
          await lock.release();
        }),
      );

      expect(most).toBe(1);
      expect(await annotationsOf(cluster)).toEqual({});
    });

    it("a lease is renewed, and lost when its annotation is gone", async () => {
      const locks = await openPublisher(cluster, await openHarness());
      const lock = await locks.acquire("shop.3", patience());
      const before = await annotationsOf(cluster);
      while (JSON.stringify(await annotationsOf(cluster)) === JSON.stringify(before));
      expect(lock.signal.aborted).toBe(false);

      await annotate(cluster, {});
      if (!lock.signal.aborted) await once(lock.signal, "abort");

      expect(lock.signal.reason).toMatchObject({ code: "lost" });
      await lock.release();
    });

    it("an object that is full is refused in the same words", async () => {
      const full = { "team.example/much": "x".repeat(300 * 1024) };

      const { status, value } = await annotate(cluster, full);

      expect(status).toBe(422);
      expect(value).toMatchObject({
        message: expect.stringContaining(
          "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
      });
    });
  });
});
