import { request } from "undici";
import { requirePeer } from "./peers.ts";
import { freePort, start } from "./run.ts";

/** moto's server: the APIs of AWS, without a registry's content and without pages. */
export interface Moto extends AsyncDisposable {
  readonly url: string;
}

/** The account that moto's callers belong to. */
export const MOTO_ACCOUNT = "123456789012";

/** Starts an empty one. Rejects when it is missing or does not come up. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await start({
    program: requirePeer("moto"),
    args: ["-H", "127.0.0.1", "-p", `${port}`],
    isReady: () => answers(url),
  });
  return { url, [Symbol.asyncDispose]: () => child.stop() };
}

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/moto-api/data.json`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // Not listening yet.
  }
}
