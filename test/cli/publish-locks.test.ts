import { afterEach, beforeEach, expect, it } from "vitest";

import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { startFakeLockServer } from "../locks/http/fake-lock-server.ts";
import { serveLocks } from "../server/lock-server.ts";
import { openPublishWorld } from "./publish-world.ts";
import type { PublishWorld } from "./publish-world.ts";

const STAGE = /^(?<digest>[0-9a-f]{56})-[0-9]{13}$/;

let world: PublishWorld;
beforeEach(async () => {
  world = await openPublishWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

it("a stage is published under the lock of its digest, which is given back", async () => {
  await using server = await startFakeLockServer({ isOurs: true });

  const run = await world.publish([`app=${await world.source()}`, "-S", server.url]);

  expect(run.stderr).not.toContain("warning");
  expect(run.exit).toBe(0);
  const [, digest] = world.fresh().flatMap((tag) => STAGE.exec(tag) ?? []);
  const asked = server.requests.filter(({ path }) => path.includes("/locker/"));
  expect(asked.map(({ path }) => path.split("/").at(-1))).toEqual(["acquire", "release"]);
  expect(asked[0]?.body).toMatchObject({ lockName: `shop.${digest}` });
  expect(server.leases.size).toBe(0);
});

it("where the locks are is written into the repository, and who goes elsewhere is warned", async () => {
  await using server = await serveLocks();
  const app = await world.source();
  await world.publish([`app=${app}`, "-S", server.url]);
  expect(world.fresh()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^client-id-/), "sync-server"]),
  );

  const other = await world.publish([`app=${app}`, "--stage-digest", "f".repeat(56)]);

  expect(other.exit).toBe(0);
  expect(other.stderr).toContain(`publishers keep their locks at ${server.url}`);
  expect(other.stderr).toContain("and this run keeps them at :local");
});

it("what is there already asks for no lock", async () => {
  await using server = await startFakeLockServer({ isOurs: true });
  const app = await world.source();
  await world.publish([`app=${app}`]);

  const again = await world.publish([`app=${app}`, "-S", server.url]);

  expect(again.exit).toBe(0);
  expect(server.requests).toEqual([]);
});

it("the annotations of a cluster are locks, too", async () => {
  await using cluster = await startCluster();
  const { path } = cluster.kubeconfig;

  const run = await world.publish([`app=${await world.source()}`, "-S", `kubernetes://ci@${path}`]);

  expect(run.stderr).not.toContain("warning");
  expect(run.exit).toBe(0);
  const writes = cluster.requests().filter(({ method }) => method === "PUT");
  expect(writes.map(({ path: at }) => at)).toEqual([
    "/api/v1/namespaces/ci/configmaps/werf-shop",
    "/api/v1/namespaces/ci/configmaps/werf-shop",
  ]);
});

it("a lock that cannot be had is a warning, and an error where it is required", async () => {
  await using server = await startFakeLockServer({ isOurs: true });
  server.fault = async ({ path }) =>
    path.endsWith("/acquire")
      ? { status: 404, headers: {}, body: new TextEncoder().encode("no such path\n") }
      : undefined;
  const app = `app=${await world.source()}`;
  const words = ["-S", server.url];

  const required = await world.publish([app, ...words, "--require-lock"]);
  expect(required.exit).toBe(3);
  expect(required.stderr).toContain("answers with 404: no such path");
  expect(world.fresh().filter((tag) => STAGE.test(tag))).toEqual([]);
  const free = await world.publish([app, ...words]);

  expect(free.exit).toBe(0);
  expect(free.stderr).toContain("publishing goes on without a lock");
});

it("a value that nobody understands ends with 2 before anything is asked", async () => {
  const run = await world.publish(["app=oci:nowhere", "-S", "locks.example:55581"]);

  expect(run.exit).toBe(2);
  expect(run.stderr).toContain("write one of :local, http://ADDRESS");
});
