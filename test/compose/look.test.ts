import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createLook, closedBy } from "../../src/compose/look.ts";
import type { PatientLook } from "../../src/compose/look.ts";
import { HttpError } from "../../src/http/client.ts";
import type { HttpClient } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";

const servers: Server[] = [];
const doors: HttpClient[] = [];

afterEach(async () => {
  for (const door of doors.splice(0)) await door[Symbol.asyncDispose]();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

it("greets a host once, without credentials, with what it says", async () => {
  const seen: IncomingMessage[] = [];
  const host = await serve((request, response) => {
    seen.push(request);
    const challenges = ['Bearer realm="https://auth.test/token"', 'Basic realm="x"'];
    response.writeHead(401, { "WWW-Authenticate": challenges, "X-Kind": "plain" }).end("{}");
  });
  const look = lookAround();

  const [first, second] = await Promise.all([look.greet(host), look.greet(host)]);

  expect(first).toMatchObject({
    protocol: "http:",
    status: 401,
    headers: { "x-kind": "plain" },
    challenges: ['Bearer realm="https://auth.test/token"', 'Basic realm="x"'],
  });
  expect(second).toBe(first);
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /v2/"]);
  expect(seen[0]?.headers).not.toHaveProperty("authorization");
});

it("takes no word of a host that another one sends it to", async () => {
  const other = await serve((_, response) => {
    response.writeHead(401, { "WWW-Authenticate": 'Basic realm="other"' }).end();
  });
  const host = await serve((request, response) => {
    response.writeHead(307, { Location: `http://${other}${request.url}` }).end();
  });
  const look = lookAround();

  expect(await look.greet(host)).toBeUndefined();
  expect(await look.ask(host)("/page")).toBeUndefined();
  expect(look.failure(host)).toBeUndefined();
});

it("follows a host to another place of its own", async () => {
  const host = await serve((request, response) => {
    if (request.url === "/page") response.writeHead(302, { Location: "/moved" }).end();
    else response.writeHead(200, { "X-Kind": "moved" }).end("Pong");
  });

  const page = await lookAround().ask(host)("/page");

  expect(page).toMatchObject({ status: 200, text: "Pong", headers: { "x-kind": "moved" } });
});

it("reads the beginning of a page, and each page once", async () => {
  let served = 0;
  const host = await serve((_, response) => {
    served += 1;
    response.end("x".repeat(1024 * 1024));
  });
  const look = lookAround();

  const page = await look.ask(host)("/page");
  const again = await look.ask(host)("/page");

  expect(page?.text).toHaveLength(64 * 1024);
  expect(again).toBe(page);
  expect(served).toBe(1);
});

it("remembers why a host cannot be reached", async () => {
  const host = await closedHost();
  const look = lookAround();

  expect(await look.greet(host)).toBeUndefined();
  expect(look.failure(host)).toMatchObject({ code: "ECONNREFUSED" });
});

it("an aborted run is no answer but its own reason", async () => {
  const abort = new AbortController();
  const host = await serve(() => abort.abort(new Error("stopped by hand")));

  await expect(lookAround(abort.signal).greet(host)).rejects.toThrow("stopped by hand");
});

it.each([429, 500, 503])("a %i tells nothing, and is remembered as that", async (status) => {
  const host = await serve((_, response) => {
    response.writeHead(status, { "WWW-Authenticate": 'Basic realm="x"' }).end();
  });
  const look = lookAround();

  expect(await look.greet(host)).toBeUndefined();
  expect(look.failure(host)?.message).toBe(
    `GET http://${host}/v2/: answered ${status}, which tells no implementation; name it, or try again later`,
  );
});

it("a page that cannot be read says nothing about the host", async () => {
  const host = await serve((request, response) => {
    if (request.url === "/v2/") response.end();
    else response.destroy();
  });
  const look = lookAround();

  expect(await look.greet(host)).toMatchObject({ status: 200 });
  expect(await look.ask(host)("/page")).toBeUndefined();
  expect(look.failure(host)).toBeUndefined();
});

it("a closed door repeats the failure and sends nothing", async () => {
  let served = 0;
  const host = await serve((_, response) => {
    served += 1;
    response.end("ok");
  });
  const failure = new HttpError("GET /v2/: refused", { code: "ECONNREFUSED" });
  const door = closedBy(openDoor(), failure);
  const request = { method: "GET", url: new URL(`http://${host}/`) } as const;

  await expect(door.send(request)).rejects.toBe(failure);
  await expect(door.send(request)).rejects.toBe(failure);

  expect(served).toBe(0);
});

function lookAround(signal: AbortSignal = new AbortController().signal): PatientLook {
  return createLook({ http: openDoor(), insecure: false, signal });
}

function openDoor(): HttpClient {
  const door = openHttpClient({ userAgent: "test", sleep: async () => undefined });
  doors.push(door);
  return door;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return `127.0.0.1:${portOf(server.address())}`;
}

async function closedHost(): Promise<string> {
  const host = await serve(() => undefined);
  await new Promise((settle) => servers.pop()?.close(settle));
  return host;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
