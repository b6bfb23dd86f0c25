import { Readable } from "node:stream";
import { createSecureContext, getCACertificates } from "node:tls";
import type { SecureContext } from "node:tls";
import { Pool, errors } from "undici";
import type { Dispatcher } from "undici";
import { HttpError } from "./client.ts";
import type { HttpRequest, HttpResponse } from "./client.ts";
import { redactText, redactUrl } from "./redact.ts";
import { CLOSED } from "./retry.ts";

/** Sends single requests: no retries, no redirects, no limits. A pool of kept connections per origin. */
export interface Transport extends AsyncDisposable {
  /** Rejects with `HttpError`, or with the reason of an aborted signal. */
  exchange(request: HttpRequest): Promise<RawAnswer>;
}

/** An answer as it came over one connection; its body is read, dumped or destroyed. */
export interface RawAnswer extends Pick<HttpResponse, "status" | "headers" | "challenges"> {
  readonly body: Dispatcher.ResponseData["body"];
}

export interface TransportOptions {
  /** Certificates in PEM that are trusted besides those of Node and of the system. */
  readonly caPem?: string;
  readonly skipTlsVerify: boolean;
  readonly timeouts: Timeouts;
}

export interface Timeouts {
  /** Milliseconds until a connection stands, TLS included. */
  readonly connectMs: number;
  /** Milliseconds from a request's last byte to its answer's headers. */
  readonly headersMs: number;
  /** Milliseconds between two pieces of a body. */
  readonly bodyMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 15_000,
  headersMs: 60_000,
  bodyMs: 60_000,
};

/** A registry hashes a large upload before it answers. */
const STREAM_HEADERS_FACTOR = 5;

export function createTransport({ caPem, skipTlsVerify, timeouts }: TransportOptions): Transport {
  const pools = new Map<string, Pool>();
  /** Origins whose answers do not parse: they may send bodies with HEAD, which then spoil the next answer. */
  const unruly = new Set<string>();
  let context: SecureContext | undefined;
  let isClosed = false;

  return {
    async exchange(request) {
      const { method, url, headers, body, signal } = request;
      if (isClosed) throw new HttpError("the door to the network is closed", { code: CLOSED });
      const isStream = body !== undefined && !(body instanceof Uint8Array);
      try {
        const answer = await poolFor(url).request({
          method,
          path: `${url.pathname}${url.search}`,
          headers: { ...headers },
          body: isStream ? Readable.from(body, { objectMode: false }) : (body ?? null),
          signal: signal ?? null,
          // By default undici gives up the connection after each HEAD, and resolving a tag is one.
          reset: method === "HEAD" && unruly.has(url.origin),
          headersTimeout: timeouts.headersMs * (isStream ? STREAM_HEADERS_FACTOR : 1),
          bodyTimeout: timeouts.bodyMs,
        });
        return readAnswer(answer);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof errors.HTTPParserError) unruly.add(url.origin);
        throw transportError(`${method} ${redactUrl(url)}`, error);
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };

  function poolFor(url: URL): Pool {
    const known = pools.get(url.origin);
    if (known !== undefined) return known;
    const secure = url.protocol === "https:" ? { secureContext: secureContext() } : {};
    const pool = new Pool(url.origin, {
      // HTTP/2 brought no more requests a second than kept HTTP/1.1 connections; undici's default is on.
      allowH2: false,
      connect: { timeout: timeouts.connectMs, rejectUnauthorized: !skipTlsVerify, ...secure },
    });
    pools.set(url.origin, pool);
    return pool;
  }

  /** Made once and only for TLS: reading the system's certificates takes tens of milliseconds. */
  function secureContext(): SecureContext {
    context ??= createSecureContext({
      ca: [
        ...new Set([...getCACertificates("default"), ...getCACertificates("system")]),
        ...(caPem === undefined ? [] : [caPem]),
      ],
    });
    return context;
  }
}

function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): RawAnswer {
  const challenges = headers["www-authenticate"];
  return {
    status: statusCode,
    headers: readHeaders(headers),
    challenges: challenges === undefined ? [] : [challenges].flat(),
    body,
  };
}

/** Lower-case names, several values joined by `, `; `set-cookie` is left out: nobody here keeps cookies. */
function readHeaders(raw: Dispatcher.ResponseData["headers"]): HttpResponse["headers"] {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || name === "set-cookie") continue;
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

/** An `HttpError` of one line: what was tried and how it failed. */
export function transportError(action: string, error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const code = errorCode(error);
  const reason = error instanceof Error ? redactText(error.message) : "failed";
  const text = code === undefined || reason.includes(code) ? reason : `${reason} (${code})`;
  return new HttpError(`${action}: ${text}`, { code, cause: error });
}

/** Of an error or of what it wraps: several addresses tried at once give one `AggregateError`. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if ("errors" in error && Array.isArray(error.errors)) return errorCode(error.errors[0]);
  return undefined;
}
