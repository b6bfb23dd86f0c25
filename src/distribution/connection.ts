import { HttpError } from "../http/client.ts";
import type { HttpRequest, HttpResponse, Method } from "../http/client.ts";
import { RegistryError } from "../registry/error.ts";
import type { Access, Authorizer } from "./authorizer.ts";
import { protocolError, refusalError, transportFailure } from "./error-response.ts";
import type { Purpose } from "./error-response.ts";
import type { Origin } from "./origin.ts";

/** Authorised requests to one registry, with failures as `RegistryError`. */
export interface Connection {
  /** Sends and answers when the status is one of `accept`; else rejects with what the registry said. */
  send(call: Call): Promise<HttpResponse>;
  /** `send`, and the whole body. */
  read(call: Call, maxBytes: number): Promise<Answer>;
  /** Reads what is left of an answer; for whoever looked at a status first. */
  bytes(call: Call, response: HttpResponse, maxBytes: number): Promise<Uint8Array>;
  /** An answer of this call that makes no sense. */
  protocolError(call: Call, why: string, details?: { readonly cause?: unknown }): RegistryError;
  /** What becomes of an error that broke off a body: an `HttpError` is translated, others stay as they are. */
  broken(call: Call, error: unknown): unknown;
  /** The error for a refusal that `accept` let through. */
  refusal(call: Call, answer: Pick<Answer, "status" | "body">): RegistryError;
  /** Where an upload goes on, given where the registry said. Rejects with `protocol`. */
  uploadUrl(call: Call, location: string | undefined, base: URL): URL;
}

export interface Call {
  readonly method: Method;
  /** Below the host, with its query: `/v2/…`. Absolute: an upload's location. */
  readonly target: string | URL;
  readonly access: Access;
  /** See `Purpose`. */
  readonly verb: string;
  readonly reference: string;
  /** Statuses that are an answer; default: 200. */
  readonly accept?: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: NonNullable<HttpRequest["body"]>;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  readonly url: URL;
  readonly body: Uint8Array;
}

/** A registry's words are short; a proxy's page may be cut. */
const MAX_ERROR_BYTES = 64 * 1024;

/** First without a token, then with one, then with another one or a wider one. */
const MAX_TRIES = 5;

export function createConnection(host: string, origin: Origin, authorizer: Authorizer): Connection {
  return {
    send,
    bytes,
    async read(call, maxBytes) {
      const response = await send(call);
      const body = await bytes(call, response, maxBytes);
      return { status: response.status, headers: response.headers, url: response.url, body };
    },
    protocolError: (call, why, details) => protocolError(purposeOf(call), why, details),
    refusal: (call, { status, body }) => refusalError(purposeOf(call), { status, body }),
    broken,
    uploadUrl,
  };

  async function send(call: Call): Promise<HttpResponse> {
    const response = await sendAuthorised(call);
    if ((call.accept ?? [200]).includes(response.status)) return response;
    throw refusalError(purposeOf(call), {
      status: response.status,
      body: await errorBody(call, response),
    });
  }

  async function sendAuthorised(call: Call): Promise<HttpResponse> {
    const { target, access, signal } = call;
    const isOurs = typeof target === "string" || origin.includes(target);
    for (let tries = 1; ; tries += 1) {
      const pass = isOurs ? await authorizer.pass(access, purposeOf(call), signal) : undefined;
      const response = await sendOnce(call, pass?.header);
      const mayTryAgain = isOurs && isRepeatable(call) && tries < MAX_TRIES;
      if (!mayTryAgain || !origin.includes(response.url)) return response;
      const { status, challenges } = response;
      if (status !== 401 && status !== 403) return response;
      const isWorthIt =
        status === 401
          ? authorizer.refused(access, pass, challenges)
          : authorizer.denied(access, pass);
      if (!isWorthIt) return response;
      await response.discard();
    }
  }

  async function sendOnce(call: Call, authorization: string | undefined): Promise<HttpResponse> {
    const { method, target, headers, body, signal } = call;
    try {
      return await origin.send(target, {
        method,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(body === undefined ? {} : { body }),
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw broken(call, error);
    }
  }

  async function bytes(call: Call, response: HttpResponse, maxBytes: number): Promise<Uint8Array> {
    try {
      return await response.bytes(maxBytes);
    } catch (error) {
      call.signal?.throwIfAborted();
      throw broken(call, error);
    }
  }

  async function errorBody(call: Call, response: HttpResponse): Promise<Uint8Array> {
    try {
      return await response.bytes(MAX_ERROR_BYTES);
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof HttpError) return new Uint8Array(); // The status alone tells enough.
      throw error;
    }
  }

  /**
   * Absolute or relative, its query kept. A proxy that ends TLS makes registries write `http:` for themselves:
   * on our own host that means `https:`. Any other way from TLS to none is refused.
   */
  function uploadUrl(call: Call, location: string | undefined, base: URL): URL {
    if (location === undefined || !URL.canParse(location, base.href)) {
      throw protocolError(purposeOf(call), "the upload has no usable Location");
    }
    const url = new URL(location, base);
    url.username = "";
    url.password = "";
    if (origin.protocol() === "https:" && url.protocol === "http:") {
      if (url.host !== base.host) {
        throw protocolError(purposeOf(call), "the upload's Location leaves https:");
      }
      url.protocol = "https:";
    }
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw protocolError(purposeOf(call), "the upload's Location is not HTTP");
    }
    return url;
  }

  function broken(call: Call, error: unknown): unknown {
    return error instanceof HttpError ? transportFailure(purposeOf(call), error) : error;
  }

  function purposeOf({ verb, reference }: Call): Purpose {
    return { host, verb, reference, scrub: authorizer.scrub };
  }
}

function isRepeatable({ body }: Call): boolean {
  return body === undefined || body instanceof Uint8Array;
}
