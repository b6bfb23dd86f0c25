import type { FakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { TOKEN } from "../../../contract-tests/fakes/github/registry.ts";
import { openRegistry } from "../../../adapters/github/adapter.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../../../src/http/client.ts";
import type { AdapterContext } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

/** Time that passes only while everybody waits. */
export interface VirtualClock {
  readonly now: () => Date;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export function virtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  let time = start;
  let isMoving = false;
  const timers: { readonly at: number; readonly ring: () => void }[] = [];

  return { now: () => new Date(time), sleep };

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const timer = { at: time + ms, ring: resolve };
      timers.push(timer);
      signal?.addEventListener("abort", () => {
        const place = timers.indexOf(timer);
        if (place !== -1) timers.splice(place, 1);
        reject(signal.reason);
      });
      move();
    });
  }

  /** Goes on to the next timer as soon as nothing else has anything to do. */
  function move(): void {
    if (isMoving) return;
    isMoving = true;
    setImmediate(() => {
      isMoving = false;
      const next = timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) return;
      timers.splice(timers.indexOf(next), 1);
      time = Math.max(time, next.at);
      next.ring();
      if (timers.length > 0) move();
    });
  }
}

export interface Sent {
  readonly method: string;
  /** As it went over the wire: percent-encoded. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly at: number;
  status: number;
}

/** Leads every host to one fake; `api.` hosts to its API. No retries: what a limit refuses is seen. */
export function clientOf(
  fake: Pick<FakeRegistry, "handle">,
  clock: VirtualClock,
  latencyMs = 0,
): HttpClient & { readonly sent: readonly Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    send,
    counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
    async [Symbol.asyncDispose]() {},
  };

  async function send({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
    signal?.throwIfAborted();
    const record = {
      method,
      url: url.href,
      authorization: headers?.["authorization"],
      at: clock.now().getTime(),
      status: 0,
    };
    sent.push(record);
    if (latencyMs > 0) await clock.sleep(latencyMs / 2);
    const prefix = url.host.startsWith("api.") ? "/api/v3" : "";
    const {
      status,
      headers: answered,
      body: bytes,
    } = await fake.handle({
      method,
      path: `${prefix}${decodeURIComponent(url.pathname)}`,
      query: url.searchParams,
      headers: {
        "user-agent": "test",
        host: url.host,
        "x-fake-scheme": url.protocol.slice(0, -1),
        ...headers,
      },
      body: body instanceof Uint8Array ? body : await bytesOf(body),
    });
    if (latencyMs > 0) await clock.sleep(latencyMs / 2);
    record.status = status;
    const flat = Object.entries(answered).map(([name, value]): [string, string] => [
      name,
      typeof value === "string" ? value : value.join(", "),
    ]);
    const lower = Object.fromEntries(flat);
    const content = method === "HEAD" ? new Uint8Array() : bytes;
    if (method === "HEAD") lower["content-length"] ??= String(bytes.byteLength);
    const challenge = lower["www-authenticate"];
    return {
      status,
      headers: lower,
      challenges: challenge === undefined ? [] : [challenge],
      url,
      bytes: async () => content,
      stream: () => new Blob([Uint8Array.from(content)]).stream(),
      discard: async () => undefined,
    };
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  return body === undefined ? new Uint8Array() : Buffer.concat(await Array.fromAsync(body));
}

export interface Opened {
  readonly registry: Registry;
  readonly http: ReturnType<typeof clientOf>;
  readonly clock: VirtualClock;
  readonly warnings: readonly string[];
}

export interface OpenOptions extends Partial<
  Pick<AdapterContext, "host" | "options" | "env" | "credentials" | "greeting">
> {
  readonly clock?: VirtualClock;
  readonly latencyMs?: number;
}

/** The adapter in front of a fake, as `ghcr.io` unless another host is named. */
export async function openOver(
  fake: Pick<FakeRegistry, "handle">,
  options: OpenOptions = {},
): Promise<Opened> {
  const { clock = virtualClock(), latencyMs = 0, greeting } = options;
  const http = clientOf(fake, clock, latencyMs);
  const warnings: string[] = [];
  const registry = await openRegistry({
    host: options.host ?? "ghcr.io",
    http,
    credentials: options.credentials ?? { find: async () => undefined },
    options: options.options ?? { "github-token": TOKEN },
    env: options.env ?? {},
    now: clock.now,
    sleep: clock.sleep,
    warn: (message) => {
      if (!warnings.includes(message)) warnings.push(message);
    },
    ...(greeting === undefined ? {} : { greeting }),
  });
  return { registry, http, clock, warnings };
}
