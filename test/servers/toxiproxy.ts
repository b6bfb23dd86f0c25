import { request } from "undici";
import { z } from "zod";
import { requirePeer } from "../../contract-tests/servers/peers.ts";
import { freePort, start } from "../../contract-tests/servers/run.ts";

/** A way to spoil connections. Source: toxiproxy, README.md, "Toxics". */
export interface Toxic {
  readonly type: "latency" | "limit_data" | "reset_peer" | "timeout";
  readonly attributes: Readonly<Record<string, number>>;
}

/** A TCP proxy in front of a server, a child process. */
export interface Toxiproxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`, where the server is reached through it. */
  readonly host: string;
  /** Spoils every connection, open ones too, until `remove`. */
  add(toxic: Toxic): Promise<void>;
  remove({ type }: Toxic): Promise<void>;
}

const Listener = z.object({ listen: z.string() });

export async function startToxiproxy(upstream: string): Promise<Toxiproxy> {
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const child = await start({
    program: requirePeer("toxiproxy"),
    args: ["-host", "127.0.0.1", "-port", `${port}`],
    isReady: () => answers(`${api}/version`),
  });
  const proxy = { name: "registry", listen: "127.0.0.1:0", upstream, enabled: true };
  const { listen } = Listener.parse(await send("POST", "/proxies", proxy));
  return {
    host: listen,
    async add({ type, attributes }) {
      const toxic = { name: type, type, stream: "downstream", toxicity: 1, attributes };
      await send("POST", "/proxies/registry/toxics", toxic);
    },
    async remove({ type }) {
      await send("DELETE", `/proxies/registry/toxics/${type}`);
    },
    [Symbol.asyncDispose]: () => child.stop(),
  };

  async function send(method: "POST" | "DELETE", path: string, value?: object): Promise<unknown> {
    const body = value === undefined ? null : JSON.stringify(value);
    const answer = await request(api + path, { method, body });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return text === "" ? undefined : JSON.parse(text);
    throw new Error(`toxiproxy: ${method} ${path} answered ${answer.statusCode}: ${text}`);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // Not listening yet.
  }
}
