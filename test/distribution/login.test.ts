import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { tryLogin } from "../../src/distribution/login.ts";
import type { LoginAnswer, LoginTrial } from "../../src/distribution/login.ts";
import type { HttpClient } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const BOT = { kind: "password", username: "bot", password: "hunter2/+" } as const;
const RIGHT = `Basic ${Buffer.from("bot:hunter2/+").toString("base64")}`;

let http: HttpClient;
const servers: Server[] = [];
beforeEach(
  () =>
    void (http = openHttpClient({ userAgent: "test", retry: { limit: 0, unreachableLimit: 0 } })),
);
afterEach(async () => {
  await http[Symbol.asyncDispose]();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe("a registry that is open to all", () => {
  it("may have users all the same, and refuses a wrong password", async () => {
    const host = await serve(({ headers }, response) => {
      const isWrong = ![undefined, RIGHT].includes(headers.authorization);
      response.writeHead(isWrong ? 401 : 200).end();
    });

    await expect(login(host)).resolves.toEqual({ isChecked: false, identityToken: undefined });
    await expect(login(host, { ...BOT, password: "wrong" })).rejects.toMatchObject({
      code: "unauthorized",
    });
  });
});

describe("a token service", () => {
  it("on another host gets no credentials without TLS", async () => {
    const seen: (string | undefined)[] = [];
    const service = await serve(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end("{}");
    });
    const realm = `http://${service.replace("127.0.0.1", "127.0.0.2")}/token`;
    const host = await serve((_, response) => challenge(response, `Bearer realm="${realm}"`));

    await expect(login(host)).rejects.toMatchObject({
      code: "protocol",
      message: expect.stringContaining("is not reached over https:"),
    });
    expect(seen).toEqual([]);
  });

  it("whose token the registry refuses makes no login", async () => {
    const host = await serve(({ url, headers }, response) => {
      if (url?.startsWith("/token") === true) response.end('{"token":"t"}');
      else challenge(response, `Bearer realm="http://${headers.host}/token"`);
    });

    await expect(login(host)).rejects.toMatchObject({ code: "unauthorized" });
  });
});

describe("an error", () => {
  it("has no secret, in whatever form the server echoes it", async () => {
    const echoes = [BOT.password, encodeURIComponent(BOT.password), RIGHT].join(" ");
    const host = await serve(({ headers }, response) => {
      if (headers.authorization === undefined) challenge(response, "Basic");
      else response.writeHead(401).end(JSON.stringify({ message: `bad ${echoes}` }));
    });

    const error: unknown = await login(host).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ message: expect.stringContaining("bad *** *** Basic ***") });
  });

  it("tells a server that fails from one that refuses", async () => {
    const failing = await serve((_, response) => response.writeHead(503).end());

    await expect(login(failing)).rejects.toMatchObject({ code: "unavailable" });
    await expect(login("127.0.0.1:1")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("says when no way of asking is known", async () => {
    const host = await serve((_, response) => challenge(response, "Negotiate"));

    await expect(login(host)).rejects.toMatchObject({ code: "protocol" });
  });
});

it("ends with the reason of an aborted signal", async () => {
  const host = await serve((_, response) => response.end());

  await expect(login(host, BOT, AbortSignal.abort("stop"))).rejects.toBe("stop");
});

function login(
  host: string,
  credentials: LoginTrial["credentials"] = BOT,
  signal = new AbortController().signal,
): Promise<LoginAnswer> {
  return tryLogin({ host, apiHost: host, http, insecure: false, credentials, signal });
}

function challenge(response: ServerResponse, value: string): void {
  response.writeHead(401, { "www-authenticate": value }).end();
}

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}
