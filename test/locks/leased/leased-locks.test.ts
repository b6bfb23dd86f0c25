import { once } from "node:events";

import { expect, it } from "vitest";

import type { LeaseAsk, LeaseBackend } from "../../../src/locks/leased/lease-backend.ts";
import { openLeasedLocks } from "../../../src/locks/leased/leased-locks.ts";
import { LockError } from "../../../src/locks/lock.ts";
import type { HeldLock, LockManager } from "../../../src/locks/lock.ts";

const NAME = "shop.aaaa";

it("asks again, as the same acquirer, until the lock is free", async () => {
  const asks: LeaseAsk[] = [];
  await using locks = open({
    tryAcquire: async (ask) => {
      asks.push(ask);
      return asks.length < 3 ? undefined : { uuid: "1", lockName: ask.name };
    },
  });

  await acquire(locks);

  expect(asks).toHaveLength(3);
  expect(new Set(asks.map(({ uuid }) => uuid)).size).toBe(1);
  expect(new Set(asks.map(({ acquirer }) => acquirer)).size).toBe(1);
});

it("who comes back has the place of before, and who does not wait takes none", async () => {
  const asks: LeaseAsk[] = [];
  await using locks = open({
    tryAcquire: async (ask) => {
      asks.push(ask);
      return undefined;
    },
  });

  for (const waitMs of [0, 0.001, 0.001]) {
    await expect(acquire(locks, { waitMs })).rejects.toMatchObject({ code: "busy" });
  }

  const [tried, ...waited] = asks;
  expect(tried?.acquirer).toBe("");
  expect(new Set(waited.map(({ acquirer }) => acquirer)).size).toBe(1);
  expect(new Set(waited.map(({ uuid }) => uuid)).size).toBe(2);
});

it("gives up after its time, and says who was asked", async () => {
  await using locks = open({ tryAcquire: async () => undefined });

  const acquiring = acquire(locks, { waitMs: 20 });

  await expect(acquiring).rejects.toMatchObject({ name: "LockError", code: "busy" });
  await expect(acquiring).rejects.toThrow("lock shop.aaaa: another holds it at the test");
});

it("a backend that cannot be reached is asked again while there is time", async () => {
  let asked = 0;
  await using locks = open({
    async tryAcquire({ name }) {
      asked += 1;
      if (asked < 3) throw new LockError("unavailable", "nobody there");
      return { uuid: "1", lockName: name };
    },
  });

  await expect(acquire(locks)).resolves.toMatchObject({ name: NAME });
});

it("one that stays away is given up long before the patience for a holder is over", async () => {
  await using locks = open(
    { tryAcquire: () => Promise.reject(new LockError("unavailable", "nobody there")) },
    { silenceMs: 20 },
  );

  const acquiring = acquire(locks, { waitMs: 3_600_000 });

  await expect(acquiring).rejects.toMatchObject({ code: "unavailable", message: "nobody there" });
});

it("one that refuses is not asked again", async () => {
  let asked = 0;
  await using locks = open({
    tryAcquire: () => {
      asked += 1;
      return Promise.reject(new LockError("refused", "not you"));
    },
  });

  await expect(acquire(locks)).rejects.toMatchObject({ code: "refused" });
  expect(asked).toBe(1);
});

it("one that never answers is unavailable", async () => {
  await using locks = open({ tryAcquire: (_ask, signal) => aborted(signal) }, { answerMs: 5 });

  const acquiring = acquire(locks, { waitMs: 0 });

  await expect(acquiring).rejects.toMatchObject({ code: "unavailable" });
  await expect(acquiring).rejects.toThrow("the test has not answered");
});

it("renews while the lock is held, and no more after its release", async () => {
  const backend = renewing(3);
  await using locks = open(backend);

  const lock = await acquire(locks);
  await backend.enough;
  expect(lock.signal.aborted).toBe(false);
  expect(lock.remainingMs()).toBeGreaterThan(0);
  await lock.release();
  const renewals = backend.renewals();

  expect(lock.remainingMs()).toBe(0);
  await new Promise((settle) => setTimeout(settle, 20));
  expect(backend.renewals()).toBe(renewals);
});

it("a lease that another got is lost at once", async () => {
  await using locks = open({ renew: async () => "gone" });

  const lock = await acquire(locks);
  const why = await lossOf(lock);

  expect(why).toMatchObject({ name: "LockError", code: "lost" });
  expect(why.message).toBe(
    "lock shop.aaaa at the test is lost: another got it, or it was forgotten",
  );
  expect(lock.remainingMs()).toBe(0);
});

it("a lease that could not be renewed in time is lost, though nobody said so", async () => {
  await using locks = open(
    { renew: () => Promise.reject(new LockError("unavailable", "no route")) },
    { trustMs: 30 },
  );

  const why = await lossOf(await acquire(locks));

  expect(why.message).toContain("it could not be renewed in time: no route");
});

it("a lease whose renewal is never answered is lost when its time is over", async () => {
  await using locks = open(
    { renew: (_handle, signal) => aborted(signal) },
    { trustMs: 30, answerMs: 60_000 },
  );

  expect((await lossOf(await acquire(locks))).message).toContain("in time");
});

it("a renewal that fails once is sent again, and the lock stays", async () => {
  let renewals = 0;
  const { promise: twice, resolve } = Promise.withResolvers<void>();
  await using locks = open({
    async renew() {
      renewals += 1;
      if (renewals === 1) throw new LockError("unavailable", "reset");
      resolve();
      return "renewed";
    },
  });

  const lock = await acquire(locks);
  await twice;

  expect(lock.signal.aborted).toBe(false);
});

it("trust counts from when the request for the lease was begun, not from its answer", async () => {
  let now = 0;
  await using locks = open(
    {
      async tryAcquire({ name }) {
        now += 400;
        return { uuid: "1", lockName: name };
      },
    },
    { trustMs: 1000 },
    () => now,
  );

  const lock = await acquire(locks);

  expect(lock.remainingMs()).toBe(600);
});

it("trust counts from when a renewal was begun, too", async () => {
  let now = 0;
  const { promise: renewed, resolve } = Promise.withResolvers<void>();
  await using locks = open(
    {
      async renew() {
        now += 300;
        resolve();
        return "renewed";
      },
    },
    { trustMs: 1000, renewEveryMs: 10, answerMs: 5000 },
    () => now,
  );

  const lock = await acquire(locks);
  await renewed;
  await new Promise(setImmediate);

  expect(lock.remainingMs()).toBe(700);
});

it("a release that fails is tried again", async () => {
  let releases = 0;
  const warnings: string[] = [];
  await using locks = open(
    {
      async release() {
        releases += 1;
        if (releases < 3) throw new LockError("unavailable", "reset");
      },
    },
    {},
    undefined,
    warnings,
  );

  await (await acquire(locks)).release();

  expect(releases).toBe(3);
  expect(warnings).toEqual([]);
});

it("a release that nobody takes is a warning: the lease runs out", async () => {
  const warnings: string[] = [];
  await using locks = open(
    { release: () => Promise.reject(new LockError("unavailable", "reset")) },
    { releaseMs: 30 },
    undefined,
    warnings,
  );

  await (await acquire(locks)).release();

  expect(warnings).toEqual([
    "lock shop.aaaa could not be given back and is left to run out: reset",
  ]);
});

it("a release after a loss, and a second one, do nothing harmful", async () => {
  let releases = 0;
  await using locks = open({
    renew: async () => "gone",
    async release() {
      releases += 1;
    },
  });
  const lock = await acquire(locks);
  await lossOf(lock);

  await lock.release();
  await lock.release();

  expect(releases).toBe(1);
});

it("a lease that comes after nobody waits any more is given back", async () => {
  const { promise: asked, resolve: begin } = Promise.withResolvers<void>();
  const { promise: given, resolve: give } = Promise.withResolvers<void>();
  const released: string[] = [];
  const abort = new AbortController();
  const locks = open({
    async tryAcquire({ name }) {
      begin();
      await given;
      return { uuid: "late", lockName: name };
    },
    async release({ uuid }) {
      released.push(uuid);
    },
  });
  const acquiring = locks.acquire(NAME, { waitMs: 60_000, signal: abort.signal });
  await asked;

  abort.abort(new Error("enough"));

  await expect(acquiring).rejects.toThrow("enough");
  give();
  await locks[Symbol.asyncDispose]();
  expect(released).toEqual(["late"]);
});

it("whoever disposes of the locks gives back those that are held", async () => {
  const released: string[] = [];
  const locks = open({
    async release({ lockName }) {
      released.push(lockName);
    },
  });
  await acquire(locks);

  await locks[Symbol.asyncDispose]();

  expect(released).toEqual([NAME]);
});

it("whoever disposes of the locks ends the waiting for others", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const locks = open({
    async tryAcquire() {
      resolve();
      return undefined;
    },
  });
  const acquiring = acquire(locks);
  acquiring.catch(() => undefined);
  await asked;

  await locks[Symbol.asyncDispose]();

  await expect(acquiring).rejects.toThrow("the locks at the test are closed");
});

it("what comes before the first lease is done once, and again when it failed", async () => {
  let prepared = 0;
  await using locks = open({
    async prepare() {
      prepared += 1;
      if (prepared === 1) throw new LockError("unavailable", "not yet");
    },
  });

  await Promise.all([acquire(locks), acquire(locks), acquire(locks)]);
  await acquire(locks);

  expect(prepared).toBe(2);
});

function open(
  backend: Partial<LeaseBackend>,
  timings: object = {},
  clock?: () => number,
  warnings: string[] = [],
): LockManager {
  return openLeasedLocks(
    {
      address: "the test",
      prepare: () => Promise.resolve(),
      tryAcquire: async ({ name }) => ({ uuid: "1", lockName: name }),
      renew: async () => "renewed",
      release: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
      ...backend,
    },
    {
      warn: (message) => warnings.push(message),
      timings: { renewEveryMs: 2, pollEveryMs: 2, retryMs: 2, ...timings },
      ...(clock === undefined ? {} : { clock }),
    },
  );
}

function acquire(locks: LockManager, { waitMs = 60_000 } = {}): Promise<HeldLock> {
  return locks.acquire(NAME, { waitMs, signal: AbortSignal.timeout(60_000) });
}

async function lossOf({ signal }: HeldLock): Promise<Error> {
  if (!signal.aborted) await once(signal, "abort");
  return signal.reason;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_settle, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** A backend that says when a lease was renewed so many times. */
function renewing(times: number): Partial<LeaseBackend> & {
  readonly enough: Promise<void>;
  readonly renewals: () => number;
} {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  let renewals = 0;
  return {
    enough,
    renewals: () => renewals,
    async renew() {
      renewals += 1;
      if (renewals === times) resolve();
      return "renewed";
    },
  };
}
