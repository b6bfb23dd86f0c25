import { createServer } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpClient } from "../../src/http/client.ts";
import { openHttpClient } from "../../src/http/open-client.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("HEAD", () => {
  it("leaves its connection to later requests", async () => {
    const server = await serve((socket) => socket.write(ABSENT));
    const http = open();

    for (let request = 0; request < 20; request += 1) await head(http, server.url);

    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it.each([
    ["at once", (socket: Socket) => socket.write(`${ABSENT}stray`)],
    [
      "late",
      (socket: Socket) => socket.write(ABSENT, () => setTimeout(() => socket.write("stray"), 2)),
    ],
  ])("gets every answer of a server that sends a body with it, %s", async (_, answer) => {
    const server = await serve(answer);
    const http = open();

    const statuses: number[] = [];
    for (let request = 0; request < 20; request += 1) statuses.push(await head(http, server.url));

    expect(statuses).toEqual(Array.from({ length: 20 }, () => 404));
  });

  it("uses a connection once where a stray body has spoiled another answer", async () => {
    const server = await serve((socket, answered) => {
      // In place of the second answer comes what the first one should not have had.
      socket.write(answered === 1 ? "stray" : ABSENT);
    });
    const http = open();

    for (let request = 0; request < 4; request += 1) await head(http, server.url);

    expect(server.connections()).toBe(4);
  });
});

const ABSENT = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";

async function head(http: HttpClient, url: URL): Promise<number> {
  const response = await http.send({ method: "HEAD", url });
  await response.discard();
  return response.status;
}

function open(): HttpClient {
  const http = openHttpClient({ userAgent: "test", sleep: async () => {} });
  cleanups.push(async () => http[Symbol.asyncDispose]());
  return http;
}

/** @param answer Gets how many requests were answered before, on any connection. */
async function serve(
  answer: (socket: Socket, answered: number) => unknown,
): Promise<{ readonly url: URL; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let answered = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      answer(socket, answered);
      answered += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: new URL(`http://127.0.0.1:${address.port}/`), connections: () => sockets.size };
}
