import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** Stands before a server and breaks connections off. */
export interface CuttingProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** How many connections were cut. */
  cuts(): number;
}

/**
 * @param target `127.0.0.1:PORT`
 * @param cutAfter Bytes sent to the server, over all connections together, after each of which the connection is cut.
 */
export async function openCuttingProxy(
  target: string,
  cutAfter: readonly number[],
): Promise<CuttingProxy> {
  const port = Number(target.split(":")[1]);
  const open = new Set<Socket>();
  const left = [...cutAfter];
  let sent = 0;
  let cuts = 0;
  /** A server notices late that its client is gone; whatever is sent next waits until it has. */
  let settled: Promise<unknown> = Promise.resolve();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    track(client);
    track(upstream);
    upstream.pipe(client);
    upstream.on("close", () => client.destroy());
    client.on("close", () => {
      upstream.end();
      upstream.resume(); // Its last words are for nobody, but it ends after them.
    });
    // A connection that fails ends, and that is all its other side gets to know.
    forward(client, upstream).catch(() => client.destroy());
  });

  async function forward(client: Socket, upstream: Socket): Promise<void> {
    for await (const chunk of client) {
      await settled;
      // What has arrived is passed on, cut or not: a server that lost its client still has these bytes.
      const isFull = !upstream.write(chunk);
      sent += chunk.length;
      if (sent >= (left[0] ?? Infinity)) {
        left.shift();
        cuts += 1;
        settled = once(upstream, "close");
        break;
      }
      if (isFull) await once(upstream, "drain");
    }
  }

  function track(socket: Socket): void {
    open.add(socket);
    socket.on("error", () => undefined); // The other side is told by the end of its connection.
    socket.on("close", () => open.delete(socket));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    host: `127.0.0.1:${address.port}`,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
