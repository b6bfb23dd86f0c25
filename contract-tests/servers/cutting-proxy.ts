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
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined); // The other side is told by the end of its connection.
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      sent += chunk.length;
      const [limit] = left;
      if (limit !== undefined && sent >= limit) {
        left.shift();
        cuts += 1;
        // What has arrived is passed on first: a server that lost its client still has these bytes.
        upstream.end(chunk, () => client.destroy());
      } else if (!upstream.write(chunk)) {
        client.pause();
        upstream.once("drain", () => client.resume());
      }
    });
    upstream.pipe(client);
  });
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
