import { once } from "node:events";

import { expect, it, onTestFinished } from "vitest";

import type { HeldLock } from "../../../src/locks/lock.ts";
import { openHarness } from "../../distribution/harness.ts";
import { serveLocks } from "../../server/lock-server.ts";
import { createMemoryStore } from "../../../src/server/memory-store.ts";
import type { LeaseStore } from "../../../src/server/store.ts";
import type { LockServer, LockServerOptions } from "../../../src/server/open-lock-server.ts";
import type { Harness } from "../../distribution/harness.ts";
import { openHttpPublisher, patience } from "./http-publisher.ts";

const NAME = `shop.${"a".repeat(56)}`;

it("at a server of ours publishers exclude each other, under an id that nobody had to be asked for", async () => {
  const { harness, server } = await world();
  const one = openHttpPublisher(harness, server);
  const two = openHttpPublisher(harness, server);

  const first = await one.acquire(NAME, patience());
  await expect(two.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });
  await first.release();

  await expect(two.acquire(NAME, patience())).resolves.toBeDefined();
  const tags = await Array.fromAsync(harness.registry.listTags(harness.repository));
  const ids = tags.filter(({ tag }) => /^client-id-[0-9a-f-]{36}-[0-9]{13}$/.test(tag));
  expect(ids).toHaveLength(1);
});

it("who waits gets the lock in the order of asking", async () => {
  const { harness, server, store, pass } = await world();
  const publishers = Array.from({ length: 5 }, () => openHttpPublisher(harness, server));
  const [holder, ...waiters] = publishers;
  const held = await holder?.acquire(NAME, patience());
  const served: number[] = [];
  const waiting: Promise<void>[] = [];
  for (const [place, locks] of waiters.entries()) {
    waiting.push(locks.acquire(NAME, patience()).then((lock) => goOn(place, lock)));
    while ((await store.count()).waiting <= place) await new Promise(setImmediate);
    pass(1);
  }

  await held?.release();
  await Promise.all(waiting);

  expect(served).toEqual([0, 1, 2, 3]);

  async function goOn(place: number, lock: HeldLock): Promise<void> {
    served.push(place);
    await lock.release();
  }
});

it("a lease that was not renewed for as long as it lasts is given to the next, and lost by its holder", async () => {
  const { harness, server, pass } = await world();
  const asleep = openHttpPublisher(harness, server, { timings: { renewEveryMs: 300 } });
  const lock = await asleep.acquire(NAME, patience());

  pass(10_001);
  await expect(openHttpPublisher(harness, server).acquire(NAME, patience())).resolves.toBeDefined();
  if (!lock.signal.aborted) await once(lock.signal, "abort");

  expect(lock.signal.reason).toMatchObject({ code: "lost" });
});

it("a server that starts anew lets holders go on, and gives nothing to others meanwhile", async () => {
  const { harness, server } = await world();
  const holder = openHttpPublisher(harness, server);
  const lock = await holder.acquire(NAME, patience());
  const { port } = new URL(server.url);

  await server[Symbol.asyncDispose]();
  const { server: after } = await world({ port: Number(port) }, { graceMs: 10_000 });
  await expect(openHttpPublisher(harness, after).acquire(NAME, patience(50))).rejects.toMatchObject(
    { code: "busy" },
  );

  expect(lock.signal.aborted).toBe(false);
  await lock.release();
});

it("a token is needed where the server wants one", async () => {
  const { harness, server } = await world({ token: "t0p" });

  const known = openHttpPublisher(harness, server, { credentials: { token: "t0p" } });
  await expect(known.acquire(NAME, patience())).resolves.toBeDefined();
  const stranger = openHttpPublisher(harness, server);
  await expect(stranger.acquire(NAME, patience())).rejects.toMatchObject({ code: "refused" });
});

interface World {
  readonly harness: Harness;
  readonly server: LockServer;
  readonly store: LeaseStore;
  /** Moves the server's clock, which stands still. */
  readonly pass: (ms: number) => void;
}

async function world(
  options: Partial<LockServerOptions> = {},
  { graceMs = 0 }: { readonly graceMs?: number } = {},
): Promise<World> {
  let now = 1_700_000_000_000;
  const store = createMemoryStore({ ttlMs: 10_000, graceMs, maxLocks: 100, now: () => now });
  const server = await serveLocks({ store, ...options });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { harness: await openHarness(), server, store, pass: (ms) => void (now += ms) };
}
