import { createOrigin } from "../distribution/origin.ts";
import type { Origin } from "../distribution/origin.ts";
import { HttpError } from "../http/client.ts";
import type { HttpClient, HttpResponse } from "../http/client.ts";
import { isNeverSent } from "../http/retry.ts";
import type { Greeting, Page } from "../registry/adapter.ts";
import type { Look } from "../registry/look.ts";

export interface LookOptions {
  readonly http: HttpClient;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface PatientLook extends Look {
  /** Why a host could not be reached, when it was greeted with all patience in vain. */
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
    if (response === undefined) return undefined;
    const { status, headers, challenges } = response;
    await response.discard();
    return { protocol: originOf(host).protocol(), status, headers, challenges };
  }

  async function readPage(host: string, path: string): Promise<Page | undefined> {
    const response = await answerOf(host, path);
    if (response === undefined) return undefined;
    const { status, headers } = response;
    const text = await orNothing(host, () => beginningOf(response.stream()));
    return text === undefined ? undefined : { status, headers, text };
  }

  /** Of the host itself: where it sends us to another one, that one's words prove nothing about it. */
  async function answerOf(host: string, path: string): Promise<HttpResponse | undefined> {
    const origin = originOf(host);
    const response = await orNothing(host, () => origin.send(path, { method: "GET", signal }));
    if (response === undefined || origin.includes(response.url)) return response;
    await response.discard();
    return undefined;
  }

  async function orNothing<T>(host: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HttpError)) throw error;
      if (isNeverSent(error.code)) failures.set(host, error);
      return undefined;
    }
  }

  function originOf(host: string): Origin {
    const origin = origins.get(host) ?? createOrigin({ host, http, insecure });
    origins.set(host, origin);
    return origin;
  }
}

/** The same door, but its first request fails as one before did: what was tried with all patience is not tried again. */
export function failingFirst(http: HttpClient, failure: HttpError | undefined): HttpClient {
  let left = failure;
  return {
    ...http,
    send(request) {
      if (left === undefined) return http.send(request);
      const told = left;
      left = undefined;
      return Promise.reject(told);
    },
  };
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
