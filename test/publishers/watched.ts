import { createHash } from "node:crypto";
import { request as send, Agent } from "undici";
import type { FakeRequest, FakeResponse, Handler } from "../../contract-tests/fakes/message.ts";

/** A manifest that a registry took. */
export interface Put {
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
  /** `sha256:HEX` of the bytes. */
  readonly digest: string;
  /** By a clock that only goes on: milliseconds of this process, or calls. */
  readonly at: number;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The blob that was stored with it. Absent: it stored none. */
  readonly stored?: string;
  /** It goes on with a list: a registry whose list has as many tags as a full page is asked whether there are more. */
  readonly isNextPage?: true;
}

/** A registry and everything that reached it, faults before it left out. */
export interface Watched {
  readonly handle: Handler;
  readonly puts: readonly Put[];
  readonly requests: readonly Seen[];
}

const MANIFEST = /^\/v2\/(?<repository>.+)\/manifests\/(?<reference>[^/]+)$/;

export function watch(registry: Handler): Watched {
  const puts: Put[] = [];
  const requests: Seen[] = [];
  return {
    puts,
    requests,
    async handle(request) {
      const response = await registry(request);
      const { method, path, body, query } = request;
      const { status } = response;
      const stored =
        status === 201 && path.includes("/blobs/uploads/") ? query.get("digest") : null;
      requests.push({
        method,
        path,
        status,
        ...(stored === null ? {} : { stored }),
        ...(query.has("last") ? { isNextPage: true } : {}),
      });
      const { repository, reference } = MANIFEST.exec(path)?.groups ?? {};
      const isPut = method === "PUT" && status >= 200 && status < 300;
      if (isPut && repository !== undefined && reference !== undefined) {
        const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
        puts.push({ repository, reference, digest, at: performance.now() });
      }
      return response;
    },
  };
}

export type Forwarding = AsyncDisposable & { readonly handle: Handler };

/** Passes requests on to a server, as they came; it sees the name by which the client knows this one. */
export function forwardTo(host: string): Forwarding {
  const dispatcher = new Agent({ connections: 64 });
  return {
    handle: (request) => forward(request, host, dispatcher),
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}

async function forward(
  { method, path, query, headers, body }: FakeRequest,
  host: string,
  dispatcher: Agent,
): Promise<FakeResponse> {
  const text = query.toString();
  const url = `http://${host}${encodeURI(path)}${text === "" ? "" : `?${text}`}`;
  const answer = await send(url, {
    method,
    headers: withoutHops(headers),
    body: body.length === 0 ? null : body,
    dispatcher,
  });
  const bytes = new Uint8Array(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: withoutHops(answer.headers), body: bytes };
}

/** Of one connection and not of the message. Source: RFC 9110, section 7.6.1. */
const HOPS = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "expect"]);

function withoutHops<Value>(headers: Readonly<Record<string, Value | undefined>>) {
  const kept: Record<string, Value> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isOurs = name === "x-fake-scheme" || name === "content-length";
    if (value !== undefined && !HOPS.has(name) && !isOurs) kept[name] = value;
  }
  return kept;
}
