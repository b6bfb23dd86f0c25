import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { answer } from "../../contract-tests/fakes/message.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { createOrigin, isLoopback } from "../../src/distribution/origin.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import { HttpError } from "../../src/http/client.ts";
import type { HttpClient, HttpRequest } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";

const tlsFile = (name: string): string =>
  readFileSync(new URL(`../http/tls/${name}`, import.meta.url), "utf8");
const TLS = { key: tlsFile("server.key"), cert: tlsFile("server.pem") };

describe("createOrigin", () => {
  it("finds plain HTTP on this machine with the first request itself", async () => {
    const server = await listen(async () => answer(200));
    onTestFinished(() => server.close());
    const { origin, http } = open(server.host);

    const statuses = await Promise.all([1, 2, 3].map(() => send(origin)));

    expect(statuses).toEqual([200, 200, 200]);
    expect(origin.protocol()).toBe("http:");
    expect(http.counts().GET).toBe(3);
  });

  it("uses TLS where there is TLS", async () => {
    const server = await listen(async () => answer(200), TLS);
    onTestFinished(() => server.close());
    const { origin } = open(server.host, { caPem: tlsFile("ca.pem") });

    expect(await send(origin)).toBe(200);
    expect(origin.protocol()).toBe("https:");
  });

  it("never goes on without TLS because a certificate is refused", async () => {
    const server = await listen(async () => answer(200), TLS);
    onTestFinished(() => server.close());
    const { origin } = open(server.host);

    await expect(send(origin)).rejects.toThrow(/^GET https:.*certificate/);
    expect(origin.protocol()).toBe("https:");
  });

  it.each([
    ["other.test:5000", true, ["https:", "http:"]],
    ["other.test:5000", false, ["https:"]],
    ["localhost:5000", false, ["https:", "http:"]],
  ])("tries for %s, insecure %j: %j", async (host, insecure, protocols) => {
    const tried: string[] = [];
    const http = failing("EPROTO", tried);

    await expect(send(createOrigin({ host, http, insecure }))).rejects.toThrow("no");

    expect(tried).toEqual(protocols);
  });

  it.each([
    ["other.test", ["https:", "http:"]],
    ["other.test:5000", ["https:"]],
  ])("tries another port only where none is named: %s", async (host, protocols) => {
    const tried: string[] = [];
    const http = failing("ECONNREFUSED", tried);

    await expect(send(createOrigin({ host, http, insecure: true }))).rejects.toThrow("no");

    expect(tried).toEqual(protocols);
  });
});

describe("isLoopback", () => {
  it.each([
    ["localhost", true],
    ["localhost:5000", true],
    ["registry.localhost:80", true],
    ["127.0.0.1:5000", true],
    ["127.1.2.3", true],
    ["[::1]:5000", true],
    ["localhost.test", false],
    ["127.0.0.1.test", false],
    ["10.0.0.1", false],
    ["notlocalhost", false],
  ])("%s: %j", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

function open(
  host: string,
  options: { readonly caPem?: string } = {},
): { readonly origin: Origin; readonly http: HttpClient } {
  const http = openHttpClient({ userAgent: "test", ...options });
  onTestFinished(() => http[Symbol.asyncDispose]());
  return { origin: createOrigin({ host, http, insecure: false }), http };
}

async function send(origin: Origin): Promise<number> {
  const response = await origin.send("/v2/", { method: "GET" });
  await response.discard();
  return response.status;
}

/** A door behind which nothing answers; it notes the protocols that were tried. */
function failing(code: string, tried: string[]): HttpClient {
  return {
    send: async ({ url }: HttpRequest) => {
      tried.push(url.protocol);
      throw new HttpError("no", { code });
    },
    counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
    async [Symbol.asyncDispose]() {},
  };
}
