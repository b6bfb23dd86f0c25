import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands before a registry, counts what passes, and tells when a request of a certain number has come or is answered. */
export interface Proxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Requests that came. */
  readonly count: () => number;
  /** Resolves when everything that was passed on has been answered by the registry. */
  quiet(): Promise<void>;
}

export async function startProxy(
  target: string,
  onRequest: (index: number, moment: "came" | "answered") => void,
): Promise<Proxy> {
  const [hostname = "", port = ""] = target.split(":");
  const open = new Set<Promise<void>>();
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    const index = count;
    count += 1;
    onRequest(index, "came");
    const { method, url, headers } = incoming;
    const upstream = forward({ hostname, port, method, path: url, headers });
    const answered = new Promise<void>((settle) => {
      upstream.on("error", () => settle());
      upstream.on("response", (answer) => {
        onRequest(index, "answered");
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on("end", () => settle());
        answer.on("error", () => settle());
        outgoing.on("close", () => answer.resume());
      });
    });
    open.add(answered);
    void answered.then(() => open.delete(answered));
    incoming.on("error", () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    host: `127.0.0.1:${address.port}`,
    count: () => count,
    async quiet() {
      await Promise.all(open);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((settle) => server.close(() => settle()));
    },
  };
}
