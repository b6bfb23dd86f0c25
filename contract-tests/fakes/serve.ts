import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { FakeRequest, FakeResponse, Handler } from "./message.ts";

export interface TlsFiles {
  readonly key: string;
  readonly cert: string;
}

export interface Listening extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `handler` on a free port of the loopback interface. */
export async function listen(handler: Handler, tls?: TlsFiles): Promise<Listening> {
  const scheme = tls === undefined ? "http" : "https";
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void exchange(handler, scheme, request, response);
  };
  const server =
    tls === undefined ? createHttpServer(onRequest) : createHttpsServer(tls, onRequest);
  const port = await startOn(server);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
    });
  };
  const host = `127.0.0.1:${port}`;
  return { host, url: `${scheme}://${host}`, close, [Symbol.asyncDispose]: close };
}

function startOn(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no TCP address"));
      else resolve(address.port);
    });
  });
}

async function exchange(
  handler: Handler,
  scheme: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const request = await readRequest(scheme, incoming);
    send(request.method, await handler(request), outgoing);
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) return;
    outgoing.writeHead(500, { "content-type": "text/plain" });
    outgoing.end(`the fake failed: ${String(error)}`);
  }
}

async function readRequest(scheme: string, incoming: IncomingMessage): Promise<FakeRequest> {
  const { method = "GET", url = "/", headers } = incoming;
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const flat = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return {
    method,
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers: { ...Object.fromEntries(flat), "x-fake-scheme": scheme },
    body: Buffer.concat(chunks),
  };
}

function send(method: string, response: FakeResponse, outgoing: ServerResponse): void {
  const { status, headers, body, broken } = response;
  if (broken?.kind === "reset") {
    outgoing.socket?.resetAndDestroy();
    return;
  }
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? {} : { "content-length": String(body.length) };
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === "string" ? value : [...value],
    ]),
  );
  outgoing.writeHead(status, { ...length, ...sent });
  if (broken?.kind === "cut" && method !== "HEAD") {
    outgoing.write(body.subarray(0, broken.bytes), () => outgoing.socket?.resetAndDestroy());
    return;
  }
  outgoing.end(method === "HEAD" || bodiless ? undefined : body);
}
