import { createOrigin } from "../distribution/origin.ts";
import type { Origin } from "../distribution/origin.ts";
import { HttpError } from "../http/client.ts";
import type { HttpClient, HttpResponse } from "../http/client.ts";
import { redactUrl } from "../http/redact.ts";
import type { Greeting, Page } from "../registry/adapter.ts";
import type { Look } from "../registry/look.ts";

export interface LookOptions {
  readonly http: HttpClient;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface PatientLook extends Look {
  /** Why a host did not say what it is, when it was greeted with all patience in vain. */
  failure(host: string): HttpError | undefined;
}

/** Most of a page that is read. */
const MAX_PAGE_BYTES = 64 * 1024;

/** Looks at hosts through the door to the network, so that limits, retries and certificates are those of every request. */
export function createLook({ http, insecure, signal }: LookOptions): PatientLook {
  const origins = new Map<string, Origin>();
  const greetings = new Map<string, Promise<Greeting | undefined>>();
  const pages = new Map<string, Promise<Page | undefined>>();
  const failures = new Map<string, HttpError>();

  return {
    greet(host) {
      const known = greetings.get(host) ?? greet(host);
      greetings.set(host, known);
      return known;
    },
    ask: (host) => (path) => {
      const key = `${host}${path}`;
      const known = pages.get(key) ?? readPage(host, path);
      pages.set(key, known);
      return known;
    },
    failure: (host) => failures.get(host),
  };

  async function greet(host: string): Promise<Greeting | undefined> {
    const response = await answerOf(host, "/v2/");
    if (response instanceof HttpError) {
      if (!REFUSED_REDIRECTS.has(response.code ?? "")) failures.set(host, response);
      return undefined;
    }
    if (response === undefined) return undefined;
    const { status, headers, challenges, url } = response;
    await response.discard();
    if (status < 500 && status !== 429) {
      return { protocol: originOf(host).protocol(), status, headers, challenges };
    }
    const told = `GET ${redactUrl(url)}: answered ${status}, which tells no implementation; name it, or try again later`;
    failures.set(host, new HttpError(told));
    return undefined;
  }

  async function readPage(host: string, path: string): Promise<Page | undefined> {
    const response = await answerOf(host, path);
    if (response === undefined || response instanceof HttpError) return undefined;
    const { status, headers } = response;
    const text = await orHttpError(() => beginningOf(response.stream()));
    return text instanceof HttpError ? undefined : { status, headers, text };
  }

  /** Of the host itself: where it sends us to another one, that one's words prove nothing about it. */
  async function answerOf(
    host: string,
    path: string,
  ): Promise<HttpResponse | HttpError | undefined> {
    const origin = originOf(host);
    const response = await orHttpError(() => origin.send(path, { method: "GET", signal }));
    if (response instanceof HttpError || origin.includes(response.url)) return response;
    await response.discard();
    return undefined;
  }

  async function orHttpError<T>(work: () => Promise<T>): Promise<T | HttpError> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HttpError) return error;
      throw error;
    }
  }

  function originOf(host: string): Origin {
    const origin = origins.get(host) ?? createOrigin({ host, http, insecure });
    origins.set(host, origin);
    return origin;
  }
}

/** Answers that lead elsewhere, each time anew: what else the host serves may still be read. */
const REFUSED_REDIRECTS: ReadonlySet<string> = new Set(["TOO_MANY_REDIRECTS", "INSECURE_REDIRECT"]);

/**
 * A door that lets nothing through: what was tried with all patience is not tried again. Besides, a host that could not
 * say what it is must not be taken for another one when it comes back.
 */
export function closedBy(http: HttpClient, failure: HttpError): HttpClient {
  return { ...http, send: () => Promise.reject(failure) };
}

async function beginningOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_PAGE_BYTES) break;
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_PAGE_BYTES));
}
