import { once } from "node:events";

import { expect, it, onTestFinished } from "vitest";

import { startCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import type { ClusterOptions, FakeCluster } from "../../../contract-tests/kubernetes/cluster.ts";
import { refuse } from "../../../contract-tests/kubernetes/status.ts";
import type { LockManager } from "../../../src/locks/lock.ts";
import { openHarness } from "../../distribution/harness.ts";
import type { Harness } from "../../distribution/harness.ts";
import { annotate, annotationsOf, ask, openPublisher, patience } from "./world.ts";

const DIGEST = "0".repeat(56);
const NAME = `shop.${DIGEST}`;
const WAY = { method: "GET", path: "/api/v1/namespaces/ci" } as const;

it("makes the namespace and the object, and writes the record as others read it", async () => {
  const { cluster, locks } = await world({});

  const lock = await locks.acquire(NAME, patience());

  const [[key, text] = ["", ""], ...others] = Object.entries((await annotationsOf(cluster)) ?? {});
  expect(others).toEqual([]);
  expect(key).toBe("lockgate.io/c77ec004b661aa3e0e9745fdd6491f2965c9279a35e90fb1706c9e43");
  expect(JSON.parse(text)).toEqual({
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    lockName: `shop/stage/${DIGEST}`,
    ExpireAtTimestamp: expect.any(Number),
    SharedHoldersCount: 1,
    IsShared: false,
    QueueMembers: {},
  });
  expect((await ask(cluster, WAY)).status).toBe(200);
  await lock.release();
  expect(await annotationsOf(cluster)).toEqual({});
});

it("publishers exclude each other, and the second gets the lock after the first", async () => {
  const { cluster, harness, locks } = await world({});
  const others = await openPublisher(cluster, harness);

  const first = await locks.acquire(NAME, patience());
  await expect(others.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });
  const waiting = others.acquire(NAME, patience());
  await first.release();

  await expect(waiting).resolves.toMatchObject({ name: NAME });
});

it("holders of a shared lock have it together", async () => {
  const { cluster, harness, locks } = await world({});
  const others = await openPublisher(cluster, harness);

  const one = await locks.acquire(NAME, { ...patience(), shared: true });
  const two = await others.acquire(NAME, { ...patience(), shared: true });
  await one.release();
  await expect(locks.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });
  await two.release();

  expect(await annotationsOf(cluster)).toEqual({});
});

it("what others write between reading and writing stays, and the change is made on top of it", async () => {
  let isFirst = true;
  const { cluster, locks } = await world({
    fault: ({ method, path }) => {
      if (method !== "PUT" || !path.endsWith("/werf-shop") || !isFirst) return undefined;
      isFirst = false;
      void cluster.put({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "werf-shop", namespace: "ci", annotations: { "team.example/note": "x" } },
        data: { kept: "yes" },
      });
      return undefined;
    },
  });

  await locks.acquire(NAME, patience());

  const annotations = await annotationsOf(cluster);
  expect(annotations).toMatchObject({ "team.example/note": "x" });
  expect(Object.keys(annotations ?? {})).toHaveLength(2);
});

it("never gives a lock to two, however often their writes meet", async () => {
  const { cluster, harness } = await world({});
  const publishers = await Promise.all(
    Array.from({ length: 6 }, () => openPublisher(cluster, harness)),
  );
  let inside = 0;
  let most = 0;

  await Promise.all(
    publishers.map(async (locks) => {
      for (let round = 0; round < 3; round += 1) {
        const lock = await locks.acquire(NAME, patience());
        inside += 1;
        most = Math.max(most, inside);
        await ask(cluster, WAY);
        inside -= 1;
        await lock.release();
      }
    }),
  );

  expect(most).toBe(1);
  expect(await annotationsOf(cluster)).toEqual({});
});

it("a holder whose clock is hours off keeps its lease: what counts is that it is renewed", async () => {
  const { cluster, harness } = await world({});
  const slow = await openPublisher(cluster, harness, { ttlMs: 200 });
  await slow.acquire(NAME, patience());
  const impatient = await openPublisher(cluster, harness, {
    ttlMs: 200,
    now: () => new Date(Date.now() + 6 * 3_600_000),
  });

  const acquiring = impatient.acquire(NAME, patience(1000));

  await expect(acquiring).rejects.toMatchObject({ code: "busy" });
});

it("a holder goes on to be seen while a time far ahead stands in its record", async () => {
  const { cluster, harness, locks } = await world({});
  const lock = await locks.acquire(NAME, patience());
  await postpone(cluster);
  const impatient = await openPublisher(cluster, harness, { ttlMs: 200 });

  await expect(impatient.acquire(NAME, patience(1000))).rejects.toMatchObject({ code: "busy" });
  expect(lock.signal.aborted).toBe(false);
});

it("a lease that nobody renews is taken over, whatever time it says, and its holder has lost it", async () => {
  const { cluster, harness, locks } = await world({ timings: { renewEveryMs: 1200 } });
  const dead = await locks.acquire(NAME, patience());
  await postpone(cluster);

  const successor = await openPublisher(cluster, harness, { ttlMs: 50 });
  await expect(successor.acquire(NAME, patience())).resolves.toBeDefined();
  if (!dead.signal.aborted) await once(dead.signal, "abort");

  expect(dead.signal.reason).toMatchObject({ name: "LockError", code: "lost" });
});

it("an object that somebody deleted takes the lease along", async () => {
  const { cluster, locks } = await world({});
  const lock = await locks.acquire(NAME, patience());

  await cluster.remove({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "werf-shop", namespace: "ci" },
  });
  await once(lock.signal, "abort");

  expect(lock.signal.reason).toMatchObject({ code: "lost" });
  await lock.release();
});

it("a try whose answer was lost has the lease that it took", async () => {
  let lost = 0;
  const { cluster, locks } = await world({
    fault: ({ method, path, body }) => {
      if (method !== "PUT" || !path.endsWith("/werf-shop") || lost > 0) return undefined;
      lost += 1;
      void cluster.put(JSON.parse(Buffer.from(body).toString("utf8")));
      return refuse("InternalError", "timed out");
    },
  });

  await expect(locks.acquire(NAME, patience(2000))).resolves.toBeDefined();

  expect(lost).toBe(1);
});

it("what may not be read is refused, with the rights that are missing", async () => {
  const { locks } = await world({
    grants: [{ groups: [""], resources: ["pods"], verbs: ["list"] }],
  });

  const acquiring = locks.acquire(NAME, patience());

  await expect(acquiring).rejects.toMatchObject({ code: "refused" });
  await expect(acquiring).rejects.toThrow(
    'the verbs "get", "create" and "update" on configmaps are needed',
  );
});

it("a namespace that is not there and may not be made is refused", async () => {
  const { locks } = await world({
    grants: [{ groups: [""], resources: ["configmaps"], verbs: ["*"] }],
  });

  await expect(locks.acquire(NAME, patience())).rejects.toThrow(
    "namespace ci of context test is not there and cannot be made: 403",
  );
});

it("an object that is full is told from any other refusal, and the locks in it stay", async () => {
  const { cluster, locks } = await world({});
  await (await locks.acquire(NAME, patience())).release();
  await annotate(cluster, { "team.example/much": "x".repeat(262_000) });

  const acquiring = locks.acquire(NAME, patience());

  await expect(acquiring).rejects.toMatchObject({ code: "refused" });
  await expect(acquiring).rejects.toThrow("ConfigMap ci/werf-shop of context test is full");
});

it("an annotation that is no record of a lock is left alone", async () => {
  const { cluster, locks } = await world({});
  await locks.acquire(NAME, patience());
  const [key = ""] = Object.keys((await annotationsOf(cluster)) ?? {});
  await annotate(cluster, { [key]: "?" });

  await expect(locks.acquire(NAME, patience())).rejects.toThrow("that is no record of a lock");
  expect(await annotationsOf(cluster)).toEqual({ [key]: "?" });
});

it("the repository is told once which object holds the locks, and another one is a warning", async () => {
  const { cluster, harness, locks } = await world({});
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  await (await locks.acquire(NAME, patience())).release();
  const other = await startCluster();
  onTestFinished(() => other[Symbol.asyncDispose]());

  await (await openPublisher(cluster, harness, { warn })).acquire(NAME, patience());
  expect(warnings).toEqual([]);
  await (await openPublisher(other, harness, { warn })).acquire(NAME, patience());

  expect(warnings).toEqual([
    expect.stringContaining("another kubernetes://ci, and this run keeps them at kubernetes://ci"),
  ]);
});

/** Writes a time of tomorrow into the one record that is there. */
async function postpone(cluster: FakeCluster): Promise<void> {
  const [[key, text] = ["", ""]] = Object.entries((await annotationsOf(cluster)) ?? {});
  const late = Math.floor(Date.now() / 1000) + 86_400;
  await annotate(cluster, {
    [key]: JSON.stringify({ ...JSON.parse(text), ExpireAtTimestamp: late }),
  });
}

interface World {
  readonly cluster: FakeCluster;
  readonly harness: Harness;
  readonly locks: LockManager;
}

async function world({
  timings = {},
  ...options
}: ClusterOptions & { readonly timings?: object }): Promise<World> {
  const cluster = await startCluster(options);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const harness = await openHarness();
  return { cluster, harness, locks: await openPublisher(cluster, harness, { timings }) };
}
