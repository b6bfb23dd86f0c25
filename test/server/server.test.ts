import { once } from "node:events";
import { connect } from "node:net";

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { SERVER_HEADER } from "../../src/locks/protocol/wire.ts";
import { createMemoryStore } from "../../src/server/memory-store.ts";
import { StoreError } from "../../src/server/store.ts";
import type { LeaseStore } from "../../src/server/store.ts";
import { serveLocks } from "./lock-server.ts";

const Granted = z.object({ lockHandle: z.object({ uuid: z.uuid(), lockName: z.string() }) });

const ASKED = { lockName: "shop.1", opts: { shared: false } };

describe("the lock server", () => {
  it("says on every answer that it is ours", async () => {
    await using server = await serveLocks({ token: "s3cret" });

    for (const path of ["/", "/health", "/metrics", "/nothing"]) {
      expect((await fetch(server.url + path)).headers.get(SERVER_HEADER)).toBe("1");
    }
  });

  it("shows a page to a browser", async () => {
    await using server = await serveLocks();

    const response = await fetch(server.url);

    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toContain("<h1>Lock server</h1>");
  });

  it.each([
    ["nothing", {}, 401],
    ["another token", { authorization: "Bearer s3cre" }, 401],
    ["the token in the wrong way", { authorization: "s3cret" }, 401],
    ["the token", { authorization: "Bearer s3cret" }, 200],
    ["the token, whatever the case of the scheme", { authorization: "bearer s3cret" }, 200],
    ["the token as a password", { authorization: basic("any:s3cret") }, 200],
    ["the token as a user", { authorization: basic("s3cret:") }, 401],
    ["no pair", { authorization: basic("s3cret") }, 401],
  ])("answers to one who shows %s", async (_, headers, status) => {
    await using server = await serveLocks({ token: "s3cret" });

    const answer = await post(`${server.url}/c/locker/acquire`, ASKED, headers);

    expect(answer.status).toBe(status);
    expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
  });

  it("wants a token for all that tells or changes anything, and for nothing else", async () => {
    await using server = await serveLocks({ token: "s3cret" });
    const paths = ["/", "/health", "/ready", "/ready?x", "/metrics", "/new-client-id", "/nothing"];

    const answers = await Promise.all(paths.map((path) => fetch(server.url + path)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 401, 401, 401]);
  });

  it.each([
    ["longer than 1024 bytes", "ы".repeat(513)],
    ["with NUL", "a\0b"],
    ["with half a character", "a\ud800"],
  ])("refuses a name %s", async (_, lockName) => {
    await using server = await serveLocks();

    const answer = await post(`${server.url}/c/locker/acquire`, { lockName });

    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/^unable to unmarshal request json: lockName: .*\n$/);
  });

  it("refuses a body that is longer than it may be", async () => {
    await using server = await serveLocks({ maxBodyBytes: 100 });

    const answer = await post(`${server.url}/c/locker/acquire`, { lockName: "a".repeat(100) });

    expect(answer.status).toBe(413);
  });

  it("gives up on a request that does not arrive", async () => {
    await using server = await serveLocks({ requestTimeoutMs: 50 });
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write("POST /c/locker/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");

    const [said] = await once(socket, "data");

    expect(String(said)).toMatch(/^HTTP\/1.1 408 /);
  });

  it("keeps no more locks than it may, and none longer than anybody can need", async () => {
    await using server = await serveLocks({ maxLocks: 2 });
    const ask = (lockName: string) => post(`${server.url}/c/locker/acquire`, { lockName });
    await ask("one");
    await ask("two");

    const third = await ask("three");

    expect(third.status).toBe(503);
    expect(third.headers.get("retry-after")).toBe("1");
    expect(server.failures).toEqual(["there are 2 locks already"]);
    server.pass(11 * 60_000);
    expect((await ask("three")).status).toBe(200);
  });

  it("tells nobody but its keeper what went wrong", async () => {
    await using server = await serveLocks({
      store: failing(new StoreError("unavailable", "postgres at db:5432: reset")),
    });
    await using other = await serveLocks({ store: failing(new Error("secret of the house")) });

    const failed = await post(`${server.url}/c/locker/acquire`, ASKED);
    const bug = await post(`${other.url}/c/locker/acquire`, ASKED);

    expect([failed.status, await failed.text()]).toEqual([
      503,
      "Internal error: the store of locks does not answer\n",
    ]);
    expect(server.failures).toEqual(["postgres at db:5432: reset"]);
    expect([bug.status, await bug.text()]).toEqual([500, "Internal error\n"]);
  });

  it("counts what it did, and what it holds", async () => {
    await using server = await serveLocks();
    const of = (operation: string, body: unknown) =>
      post(`${server.url}/c/locker/${operation}`, body);
    const waiter = { lockName: "shop.1", opts: { acquirerId: "a" } };
    await of("acquire", { lockName: "shop.2" });
    const { lockHandle } = Granted.parse(await (await of("acquire", ASKED)).json());
    await of("acquire", waiter);
    await of("renew-lease", { lockHandle: { ...lockHandle, uuid: "other" } });
    await of("release", { lockHandle: { ...lockHandle, lockName: "none" } });
    await of("release", "no object");
    const before = await metricsOf(server.url);
    server.pass(3_000);
    await of("release", { lockHandle });
    await of("acquire", waiter);
    const after = await metricsOf(server.url);

    expect(before).toMatchObject({
      'tidemark_locks_requests_total{operation="acquire",outcome="done"}': "2",
      'tidemark_locks_requests_total{operation="acquire",outcome="wait"}': "1",
      'tidemark_locks_requests_total{operation="renew-lease",outcome="lost"}': "1",
      'tidemark_locks_requests_total{operation="release",outcome="absent"}': "1",
      'tidemark_locks_requests_total{operation="release",outcome="400"}': "1",
      tidemark_locks_leases: "2",
      tidemark_locks_waiting: "1",
      tidemark_locks_store_up: "1",
      tidemark_locks_conflicts_total: "0",
    });
    expect(after).toMatchObject({
      tidemark_locks_waiting: "0",
      tidemark_locks_wait_seconds_sum: "3",
    });
  });

  it("answers what has arrived before it closes", async () => {
    const store = createMemoryStore({ ttlMs: 1, graceMs: 0, maxLocks: 1, now: Date.now });
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const slow: LeaseStore = {
      ...store,
      async change(lock, decide) {
        asked.resolve();
        await answer.promise;
        return store.change(lock, decide);
      },
    };
    const server = await serveLocks({ store: slow });
    const pending = post(`${server.url}/c/locker/acquire`, ASKED);
    await asked.promise;

    const closed = server[Symbol.asyncDispose]();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
    answer.resolve();

    expect((await pending).status).toBe(200);
    await closed;
  });
});

describe("a server that may have forgotten leases", () => {
  it("gives nothing for a while, and goes on with the holders who come back", async () => {
    await using server = await serveLocks({ graceMs: 10_000 });
    const ask = async (lockName: string) =>
      (await post(`${server.url}/c/locker/acquire`, { lockName })).text();
    const lockHandle = { uuid: "from before", lockName: "held" };

    const renewal = await post(`${server.url}/c/locker/renew-lease`, { lockHandle });

    expect(await renewal.text()).toBe('{"err":""}\n');
    server.pass(9_999);
    expect(await ask("free")).toContain("should wait");
    server.pass(1);
    expect(await ask("free")).toContain('"err":""');
    expect(await ask("held")).toContain("should wait");
    server.pass(1);
    expect(await ask("held")).toContain('"err":""');
  });

  it("believes nobody once that time is over", async () => {
    await using server = await serveLocks({ graceMs: 10_000 });
    server.pass(10_000);

    const lockHandle = { uuid: "from before", lockName: "held" };
    const renewal = await post(`${server.url}/c/locker/renew-lease`, { lockHandle });

    expect(await renewal.text()).toBe('{"err":"no existing lock lease found"}\n');
  });
});

function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body), headers });
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** Numbers by name and labels. */
async function metricsOf(url: string): Promise<Record<string, string>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line.split(" ").at(-1) ?? ""]),
  );
}

function failing(error: Error): LeaseStore {
  const fail = (): Promise<never> => Promise.reject(error);
  return {
    name: "a store that fails",
    change: fail,
    count: fail,
    ping: fail,
    [Symbol.asyncDispose]: async () => {},
  };
}
