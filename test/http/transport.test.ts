import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { HttpOptions } from "../../src/http/open-client.ts";

const read = (name: string): string =>
  readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");
const protocols: (string | false | null)[] = [];
const server = createServer(
  { key: read("server.key"), cert: read("server.pem") },
  (request, response) => {
    protocols.push(request.httpVersion);
    response.end("secure");
  },
);
let url: URL;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  url = new URL(`https://127.0.0.1:${address.port}/`);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("TLS", () => {
  it("trusts a private CA that was given, over HTTP/1.1", async () => {
    expect(await get({ caPem: read("ca.pem") })).toBe("secure");
    expect(protocols).toEqual(["1.1"]);
  });

  it("refuses a certificate of a CA it does not know, without trying again", async () => {
    const slept: number[] = [];

    const getting = get({ sleep: async (ms) => void slept.push(ms) });

    await expect(getting).rejects.toThrow(/^GET https:\/\/127\.0\.0\.1:\d+\/: .*certificate/);
    expect(slept).toEqual([]);
  });

  it("takes any certificate when told to", async () => {
    expect(await get({ skipTlsVerify: true })).toBe("secure");
  });
});

async function get(options: Partial<HttpOptions>): Promise<string> {
  await using http = openHttpClient({ userAgent: "test", ...options });
  const response = await http.send({ method: "GET", url });
  return new TextDecoder().decode(await response.bytes(100));
}
