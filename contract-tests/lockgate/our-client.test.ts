import { once } from "node:events";

import { describe, expect, it } from "vitest";

import { LockError } from "../../src/locks/lock.ts";
import type { HeldLock } from "../../src/locks/lock.ts";
import { recordImage } from "../../src/stages/record.ts";
import { putRecord } from "../../src/registry/put-record.ts";
import { openHarness } from "../../test/distribution/harness.ts";
import type { Harness } from "../../test/distribution/harness.ts";
import { openHttpPublisher, patience } from "../../test/locks/http/http-publisher.ts";
import { serveLocks } from "../../test/server/lock-server.ts";
import {
  VERSIONS,
  missingForLockgate,
  startLockgateClient,
  startLockgateServer,
} from "./lockgate.ts";

const CLIENT = "0191b4b0-1111-4222-8333-444455556666";

describe.skipIf(missingForLockgate().length > 0).each(VERSIONS)("our client", (version) => {
  it(`takes locks in turns at the server of lockgate ${version}`, async () => {
    await using server = await startLockgateServer(version);
    const harness = await knownRepository();
    await using one = openHttpPublisher(harness, server);
    await using two = openHttpPublisher(harness, server);

    const first = await one.acquire("shop.1", patience());
    await expect(two.acquire("shop.1", patience(50))).rejects.toMatchObject({ code: "busy" });
    await expect(two.acquire("shop.2", patience())).resolves.toBeDefined();
    await first.release();

    await expect(two.acquire("shop.1", patience())).resolves.toBeDefined();
  });

  it(`shares locks at the server of lockgate ${version}`, async () => {
    await using server = await startLockgateServer(version);
    const harness = await knownRepository();
    await using one = openHttpPublisher(harness, server);
    await using two = openHttpPublisher(harness, server);

    const first = await one.acquire("shop.1", { ...patience(), shared: true });
    const second = await two.acquire("shop.1", { ...patience(), shared: true });
    await first.release();
    await expect(one.acquire("shop.1", patience(0))).rejects.toMatchObject({ code: "busy" });
    await second.release();

    await expect(one.acquire("shop.1", patience())).resolves.toBeDefined();
  });

  it(`and that of lockgate ${version} exclude each other at its server`, async () => {
    await using server = await startLockgateServer(version);
    await using other = startLockgateClient(version, `${server.url}/${CLIENT}/locker`);
    expect(await takeTurns(server, other)).toEqual(TURNS);
  });

  it(`and that of lockgate ${version} exclude each other at our server`, async () => {
    await using server = await serveLocks();
    await using other = startLockgateClient(version, `${server.url}/${CLIENT}/locker`);
    expect(await takeTurns(server, other)).toEqual(TURNS);
  });

  it(`loses a lease when the server of lockgate ${version} is gone`, async () => {
    const server = await startLockgateServer(version);
    const harness = await knownRepository();
    const lock = await openHttpPublisher(harness, server, {
      timings: { trustMs: 500 },
    }).acquire("shop.1", patience());

    await server[Symbol.asyncDispose]();
    await once(lock.signal, "abort");

    expect(lock.signal.reason).toMatchObject({ name: "LockError", code: "lost" });
    await lock.release();
  });
});

const TURNS = ["ours", "timeout", "acquired", "busy", "released", "ours"];

/** What our client and another one hear, in turns. */
async function takeTurns(
  server: { readonly url: string },
  other: ReturnType<typeof startLockgateClient>,
): Promise<readonly string[]> {
  await using ours = openHttpPublisher(await knownRepository(), server);
  const heard: string[] = [];
  const ask = async (waitMs: number): Promise<HeldLock | undefined> => {
    try {
      const lock = await ours.acquire("shop.1", patience(waitMs));
      heard.push("ours");
      return lock;
    } catch (error) {
      heard.push(error instanceof LockError ? error.code : String(error));
      return undefined;
    }
  };
  const askOther = async (said: Promise<string>): Promise<void> =>
    void heard.push((await said).split(" ")[0] ?? "");

  const lock = await ask(60_000);
  await askOther(other.acquire("a", "shop.1", { seconds: 1 }));
  await lock?.release();
  await askOther(other.acquire("b", "shop.1"));
  await ask(0);
  await askOther(other.release("b"));
  await ask(60_000);
  return heard;
}

/** A repository whose id others have written, since lockgate alone gives none out. */
async function knownRepository(): Promise<Harness> {
  const harness = await openHarness();
  const { registry, repository } = harness;
  const record = recordImage("shop", {}, new Date().toISOString());
  await putRecord(registry, { ...repository, tag: `client-id-${CLIENT}-1` }, record);
  return harness;
}
