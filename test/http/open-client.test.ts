import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpClient, HttpEvent, HttpRequest } from "../../src/http/client.ts";
import { HttpError } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { HttpOptions } from "../../src/http/open-client.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("openHttpClient", () => {
  it("answers with status, headers, challenges and body", async () => {
    const url = await serve((_, response) => {
      response.setHeader("WWW-Authenticate", ['Basic realm="a"', 'Bearer realm="b"']);
      response.setHeader("Set-Cookie", "a=b");
      response.setHeader("X-Many", ["1", "2"]);
      response.writeHead(401).end("body");
    });
    const { http } = open();

    const response = await http.send({ method: "GET", url });

    expect(response.status).toBe(401);
    expect(response.challenges).toEqual(['Basic realm="a"', 'Bearer realm="b"']);
    expect(response.headers["x-many"]).toBe("1, 2");
    expect(response.headers["set-cookie"]).toBeUndefined();
    expect(text(await response.bytes(100))).toBe("body");
    expect(http.counts()).toEqual({ GET: 1, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 });
  });

  it("uses a connection again", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    });
    const { http } = open();

    for (let i = 0; i < 20; i += 1) await (await http.send({ method: "GET", url })).discard();

    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it("sends no more requests at once than its budget has places", async () => {
    let most = 0;
    const held: ServerResponse[] = [];
    const url = await serve(async (_, response) => {
      most = Math.max(most, held.push(response));
      if (held.length < 3) return;
      for (let turn = 0; turn < 20; turn += 1) await turnOfTheLoop();
      for (const waiting of held.splice(0)) waiting.end();
    });
    const { http } = open({ concurrency: 3 });

    await Promise.all(
      Array.from({ length: 30 }, async () => (await http.send({ method: "GET", url })).discard()),
    );

    expect(most).toBe(3);
  });

  it("waits as the server asks, reports it without secrets, and counts every request", async () => {
    const url = await serveEach([
      [429, { "retry-after": "300" }],
      [503, {}],
      [200, {}],
    ]);
    url.username = "bot";
    url.search = "?sig=s3cret";
    const { http, events, slept } = open();

    const response = await http.send({ method: "GET", url });

    const clean = `http://${url.host}/?sig=…`;
    expect(response.status).toBe(200);
    expect(slept).toEqual([300_000, 500]);
    expect(events).toEqual([
      { type: "http.paused", budget: url.host, delayMs: 300_000 },
      {
        type: "http.retried",
        method: "GET",
        url: clean,
        attempt: 1,
        delayMs: 300_000,
        status: 429,
      },
      { type: "http.retried", method: "GET", url: clean, attempt: 2, delayMs: 500, status: 503 },
    ]);
    expect(http.counts().GET).toBe(3);
  });

  it("gives up with the answer when the server asks for too much", async () => {
    const url = await serveEach([[429, { "retry-after": "100000" }]]);
    const { http, slept } = open();

    const response = await http.send({ method: "GET", url });

    expect(response.status).toBe(429);
    expect(slept).toEqual([]);
  });

  it("repeats a body of bytes and never a stream", async () => {
    const bodies: string[] = [];
    const url = await serve((request, response) => {
      void readBody(request).then((body) => {
        bodies.push(body);
        response.writeHead(bodies.length < 2 ? 500 : 200).end();
      });
    });
    const { http } = open();
    const bytes = new TextEncoder().encode("hello");
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 2);
      yield bytes.subarray(2);
    }

    const repeated = await http.send({ method: "PUT", url, body: bytes });
    bodies.length = 0;
    const headers = { "content-length": "5" };
    const streamed = await http.send({ method: "PUT", url, body: stream(), headers });

    expect([repeated.status, streamed.status]).toEqual([200, 500]);
    expect(bodies).toEqual(["hello"]);
  });

  it("asks again for a body that broke off", async () => {
    let served = 0;
    const url = await serve((_, response) => {
      served += 1;
      response.writeHead(200, { "content-length": "5" });
      if (served > 1) response.end("whole");
      else response.write("who", () => response.destroy());
    });
    const { http } = open();

    const response = await http.send({ method: "GET", url });

    expect(text(await response.bytes(100))).toBe("whole");
    expect(http.counts().GET).toBe(2);
  });

  it("sends a POST again only where it says that it changes nothing", async () => {
    const url = await serveEach([
      [503, {}],
      [200, {}],
      [503, {}],
    ]);
    const { http } = open();
    const body = new TextEncoder().encode("what is there?");

    const asked = await http.send({ method: "POST", url, body, isQuery: true });
    const told = await http.send({ method: "POST", url, body });

    expect([asked.status, told.status]).toEqual([200, 503]);
    expect(http.counts().POST).toBe(3);
  });

  it("rejects a body that is longer than allowed", async () => {
    const url = await serveEach([[200, {}, "x".repeat(100)]]);
    const { http } = open();

    const response = await http.send({ method: "GET", url });

    await expect(response.bytes(99)).rejects.toMatchObject({ code: "BODY_TOO_LONG" });
  });

  it("drops authorization where a redirect leads elsewhere, and follows five of them", async () => {
    const seen: (string | undefined)[] = [];
    const target = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end("there");
    });
    const first = await serve((request, response) => {
      seen.push(request.headers.authorization);
      const hop = Number(new URL(request.url ?? "/", "http://x").searchParams.get("hop"));
      const location = hop < 4 ? `/?hop=${hop + 1}` : target.href;
      response.writeHead(307, { location }).end();
    });
    const { http } = open();

    const response = await http.send({
      method: "GET",
      url: first,
      headers: { authorization: "x" },
    });

    expect(text(await response.bytes(10))).toBe("there");
    expect(response.url.origin).toBe(target.origin);
    expect(seen).toEqual(["x", "x", "x", "x", "x", undefined]);
  });

  it("refuses to be sent in a circle", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
    const { http } = open();

    const sent = http.send({ method: "GET", url });

    await expect(sent).rejects.toMatchObject({ code: "TOO_MANY_REDIRECTS" });
    expect(http.counts().GET).toBe(6);
  });

  it("says in one line who could not be reached, and counts nothing", async () => {
    const url = await serve(() => undefined);
    await cleanups.pop()?.();
    url.password = "s3cret";
    url.search = "?token=s3cret";
    const { http, slept } = open();

    const error: unknown = await http.send({ method: "HEAD", url }).catch((thrown) => thrown);

    expect(error).toBeInstanceOf(HttpError);
    expect(String(error)).toMatch(
      /^HttpError: HEAD http:\/\/127\.0\.0\.1:\d+\/\?token=…: .*ECONNREFUSED/,
    );
    expect(slept).toHaveLength(3);
    expect(http.counts().HEAD).toBe(0);
  });

  it.each([
    ["a request in flight", {}, {}],
    ["a wait before a retry", { status: 503 }, {}],
    ["the queue", {}, { concurrency: 1 }],
  ])(
    "rejects with the reason of a signal during %s",
    async (_, { status }: { status?: number }, options) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const url = await serve((_, response) => {
        if (status === undefined) setImmediate(() => controller.abort(reason));
        else response.writeHead(status).end();
      });
      const { http } = open({
        ...options,
        sleep: (_, signal) => {
          controller.abort(reason);
          return Promise.reject(signal?.reason ?? new Error("no signal"));
        },
      });
      const request: HttpRequest = { method: "GET", url, signal: controller.signal };

      const results = await Promise.allSettled([http.send(request), http.send(request)]);

      expect(results).toEqual([
        { status: "rejected", reason },
        { status: "rejected", reason },
      ]);
    },
  );

  it("rejects with the reason of a signal while a body is read", async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "10" }).write("start");
    });
    const { http } = open();
    const response = await http.send({ method: "GET", url, signal: controller.signal });

    const reading = response.bytes(100);
    controller.abort(new Error("enough"));

    await expect(reading).rejects.toThrow("enough");
    expect(http.counts().GET).toBe(1);
  });

  it.each([
    ["tells once that a server's clock is behind", "2026-03-01T11:59:00Z", [59_000]],
    ["says nothing of a clock that may agree", "2026-03-01T12:00:00Z", []],
  ])("%s", async (_, time, expected) => {
    const date = new Date(time).toUTCString();
    const url = await serve((_request, response) => response.writeHead(200, { date }).end());
    const skews: (readonly [string, number])[] = [];
    const { http } = open({ skewed: (...skew) => void skews.push(skew) });

    for (let i = 0; i < 3; i += 1) await (await http.send({ method: "GET", url })).discard();

    expect(skews).toEqual(expected.map((skewMs) => [url.host, skewMs]));
  });

  it("reports each warning of a server once", async () => {
    const warning = '299 - "read-only on Sunday"';
    const url = await serve((_, response) => response.writeHead(200, { warning }).end());
    const { http, events } = open();

    for (let i = 0; i < 3; i += 1) await (await http.send({ method: "GET", url })).discard();

    expect(events).toEqual([{ type: "http.warned", host: url.host, text: "read-only on Sunday" }]);
  });

  it("publishes each exchange, redacted", async () => {
    const published: unknown[] = [];
    const onMessage = (message: unknown): void => void published.push(message);
    subscribe("tidemark:http", onMessage);
    cleanups.push(async () => unsubscribe("tidemark:http", onMessage));
    const url = await serveEach([[200, {}]]);
    url.search = "?sig=s3cret";
    const { http } = open();

    await http.send({ method: "GET", url });

    const clean = `http://${url.host}/?sig=…`;
    expect(published).toEqual([
      { method: "GET", url: clean, attempt: 1, status: 200, durationMs: expect.any(Number) },
    ]);
  });

  it("sends nothing once it is closed, and lets go of whoever waits", async () => {
    const url = await serveEach([[429, { "retry-after": "300" }]]);
    const http = openHttpClient({ userAgent: "test" });
    await http.send({ method: "POST", url, body: (async function* () {})() });
    const waiting = http.send({ method: "GET", url });

    const closing = http[Symbol.asyncDispose]();

    await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
    await closing;
  });
});

function open(options: Partial<HttpOptions> = {}): {
  readonly http: HttpClient;
  readonly events: readonly HttpEvent[];
  readonly slept: readonly number[];
} {
  const events: HttpEvent[] = [];
  const slept: number[] = [];
  let nowMs = Date.parse("2026-03-01T12:00:00Z");
  const http = openHttpClient({
    userAgent: "test",
    report: (event) => events.push(event),
    now: () => new Date(nowMs),
    random: () => 0.5,
    retry: { baseDelayMs: 500 },
    sleep: async (ms) => {
      slept.push(ms);
      nowMs += ms;
    },
    ...options,
  });
  cleanups.push(async () => http[Symbol.asyncDispose]());
  return { http, events, slept };
}

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<URL> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return new URL(`http://127.0.0.1:${address.port}/`);
}

/** Answers in turn; the last answer again and again. */
function serveEach(
  answers: readonly (readonly [status: number, headers: Record<string, string>, body?: string])[],
): Promise<URL> {
  let served = 0;
  return serve((_, response) => {
    const [status, headers, body = ""] = answers[Math.min(served, answers.length - 1)] ?? [500, {}];
    served += 1;
    response.writeHead(status, headers).end(body);
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
