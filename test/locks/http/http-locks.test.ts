import { once } from "node:events";

import { expect, it, onTestFinished } from "vitest";

import { answer, answerJson } from "../../../contract-tests/fakes/message.ts";
import type { LockManager } from "../../../src/locks/lock.ts";
import { openHarness } from "../../distribution/harness.ts";
import type { Harness } from "../../distribution/harness.ts";
import { openHttpPublisher as open, patience } from "./http-publisher.ts";
import { startFakeLockServer } from "./fake-lock-server.ts";
import type { FakeLockServer, FakeLockServerOptions } from "./fake-lock-server.ts";

const NAME = `shop.${"a".repeat(56)}`;

it("speaks the protocol, word for word", async () => {
  const { server, locks } = await world();

  const lock = await locks.acquire(NAME, patience());
  await lock.release();

  const [health, fresh, acquire, release] = server.requests;
  const client = acquire?.path.split("/")[1] ?? "";
  expect(health).toEqual({ path: "/health", body: undefined });
  expect(fresh).toEqual({ path: "/new-client-id", body: {} });
  expect(acquire).toEqual({
    path: `/${client}/locker/acquire`,
    body: { lockName: NAME, opts: { shared: false, acquirerId: expect.any(String) } },
  });
  expect(release).toEqual({
    path: `/${client}/locker/release`,
    body: { lockHandle: { uuid: expect.any(String), lockName: NAME } },
  });
  expect(server.leases.size).toBe(0);
});

it("publishers on two machines exclude each other, and the second gets the lock after the first", async () => {
  const { harness, server, locks } = await world();
  const others = open(harness, server);

  const first = await locks.acquire(NAME, patience());
  await expect(others.acquire(NAME, patience(0))).rejects.toMatchObject({
    code: "busy",
  });
  const waiting = others.acquire(NAME, patience());
  await first.release();

  await expect(waiting).resolves.toMatchObject({ name: NAME });
});

it("holders of a shared lock have it together", async () => {
  const { harness, server, locks } = await world();
  const others = open(harness, server);

  const one = await locks.acquire(NAME, { ...patience(), shared: true });
  const two = await others.acquire(NAME, { ...patience(), shared: true });
  await one.release();
  await expect(locks.acquire(NAME, patience(0))).rejects.toMatchObject({
    code: "busy",
  });
  await two.release();

  expect(server.leases.size).toBe(0);
});

it("keeps a lease alive that would be over without renewal", async () => {
  const { server, locks } = await world({ ttlMs: 100 });
  const lock = await locks.acquire(NAME, patience());
  const { promise: renewed, resolve } = Promise.withResolvers<void>();
  let renewals = 0;
  server.fault = async ({ path }) => {
    if (path.endsWith("/renew-lease") && (renewals += 1) === 20) resolve();
    return undefined;
  };

  await renewed;

  expect(lock.signal.aborted).toBe(false);
  expect(server.leases.size).toBe(1);
});

it("a server that was started anew has forgotten the lease, which is lost", async () => {
  const { server, locks } = await world();
  const lock = await locks.acquire(NAME, patience());

  server.forget();
  await once(lock.signal, "abort");

  expect(lock.signal.reason).toMatchObject({ name: "LockError", code: "lost" });
  await lock.release();
});

it("a lease that another took over is lost", async () => {
  const { harness, server, locks } = await world();
  const lock = await locks.acquire(NAME, patience());
  server.forget();
  const taken = open(harness, server).acquire(NAME, patience());

  await once(lock.signal, "abort");

  expect(lock.signal.reason).toMatchObject({ code: "lost" });
  await lock.release();
  await taken;
  expect(server.leases.size).toBe(1);
});

it("answers that fail, resets and an overloaded server are waited out", async () => {
  const { server, locks } = await world();
  const faults = [
    answer(503),
    { ...answer(200), broken: { kind: "reset" } } as const,
    answerJson(200, { err: "record version changed", lockHandle: { uuid: "", lockName: "" } }),
    answer(429),
  ];
  server.fault = async ({ path }) => (path.endsWith("/acquire") ? faults.shift() : undefined);

  await expect(locks.acquire(NAME, patience())).resolves.toBeDefined();
  expect(faults).toEqual([]);
});

it.each([
  [answer(404), "is it the address of a lock server?"],
  [answer(400, {}, new TextEncoder().encode("bad request\nmore")), "answers with 400: bad request"],
  [answer(200, {}, new TextEncoder().encode("<html>")), "something else than JSON"],
  [answerJson(200, { err: 7 }), "none of its protocol"],
])("what is no lock server refuses: %#", async (fault, words) => {
  const { server, locks } = await world();
  server.fault = async ({ path }) => (path.endsWith("/acquire") ? fault : undefined);

  const acquiring = locks.acquire(NAME, patience());

  await expect(acquiring).rejects.toMatchObject({ name: "LockError", code: "refused" });
  await expect(acquiring).rejects.toThrow(words);
});

it("a token is sent to the server, and told to nobody", async () => {
  const { harness, server } = await world({ token: "t0p" });

  await expect(
    open(harness, server, { credentials: { token: "t0p" } }).acquire(NAME, patience()),
  ).resolves.toBeDefined();
  const refused = open(harness, server, { credentials: { token: "wr0ng" } }).acquire(
    NAME,
    patience(),
  );
  await expect(refused).rejects.toThrow(
    "answers with 401: unauthorized; it does not take the token of TIDEMARK_SYNCHRONIZATION_TOKEN",
  );
  await expect(refused).rejects.not.toThrow("wr0ng");
  await expect(open(harness, server).acquire(NAME, patience())).rejects.toThrow(
    "if it wants a token, set TIDEMARK_SYNCHRONIZATION_TOKEN",
  );
});

it("a server that repeats a token is not quoted", async () => {
  const { harness, server } = await world();
  server.fault = async ({ headers }) =>
    answer(403, {}, new TextEncoder().encode(`no: ${headers["authorization"]}\n`));
  const locks = open(harness, server, { credentials: { token: "wr0ng" } });

  await expect(locks.acquire(NAME, patience())).rejects.toThrow(
    /answers with 403; it does not take the token of TIDEMARK_SYNCHRONIZATION_TOKEN$/,
  );
});

it("a user name and a password are sent as other clients send them", async () => {
  const { harness, server } = await world();
  const headers: (string | undefined)[] = [];
  server.fault = async (request) => void headers.push(request.headers["authorization"]);

  await open(harness, server, { credentials: { user: "me", password: "s3cret" } }).acquire(
    NAME,
    patience(),
  );

  expect(new Set(headers)).toEqual(new Set([`Basic ${btoa("me:s3cret")}`]));
});

it("nobody at the address is unavailable", async () => {
  const { harness } = await world();
  const gone = await startFakeLockServer();
  await gone[Symbol.asyncDispose]();
  const locks = open(harness, gone);

  await expect(locks.acquire(NAME, patience(0))).rejects.toMatchObject({
    code: "unavailable",
  });
});

it("opening sends nothing", async () => {
  const { harness, server } = await world();

  expect(server.requests).toEqual([]);
  expect(harness.log()).toEqual([]);
});

interface World {
  readonly harness: Harness;
  readonly server: FakeLockServer;
  readonly locks: LockManager;
}

async function world(options: FakeLockServerOptions = {}): Promise<World> {
  const harness = await openHarness();
  const server = await startFakeLockServer(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { harness, server, locks: open(harness, server) };
}
