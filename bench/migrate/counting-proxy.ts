import { Agent, createServer, request as forward } from "node:http";
import { once } from "node:events";

/** Stands before a registry and counts what passes. */
export interface CountingProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly counts: () => Counts;
}

export interface Counts {
  readonly all: number;
  /** Of those, the ones about a manifest or a blob: not the lists, and not the first greeting. */
  readonly single: number;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const [hostname = "", port = ""] = target.split(":");
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let all = 0;
  let single = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    all += 1;
    if (/\/(?:manifests|blobs)\//.test(url)) single += 1;
    const upstream = forward({ hostname, port, method, path: url, headers, agent });
    upstream.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    host: `127.0.0.1:${address.port}`,
    counts: () => ({ all, single }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      agent.destroy();
    },
  };
}
