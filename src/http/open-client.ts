import { channel } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { HttpError } from "./client.ts";
import type { HttpClient, HttpEvent, HttpRequest, HttpResponse, Method } from "./client.ts";
import { createLimiter } from "./limiter.ts";
import type { Limiter, Place } from "./limiter.ts";
import { askedDelay, isExhausted } from "./rate-headers.ts";
import { MAX_REDIRECTS, redirectedRequest } from "./redirect.ts";
import { redactText, redactUrl } from "./redact.ts";
import { createResponse, readHeaders } from "./response.ts";
import { DEFAULT_RETRY_POLICY, isThrottled, retryDelay } from "./retry.ts";
import type { Attempt, RetryPolicy } from "./retry.ts";
import { DEFAULT_TIMEOUTS, createTransport } from "./transport.ts";
import type { Timeouts } from "./transport.ts";

export interface HttpOptions {
  readonly userAgent: string;
  /** Certificates in PEM, trusted besides those of Node and of the system. */
  readonly caPem?: string;
  readonly skipTlsVerify?: boolean;
  /** Requests in flight per budget; default 10. */
  readonly concurrency?: number;
  readonly timeouts?: Partial<Timeouts>;
  readonly retry?: Partial<RetryPolicy>;
  readonly report?: (event: HttpEvent) => void;
  readonly now?: () => Date;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Rejects with the reason of an aborted signal, at once. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Published on `node:diagnostics_channel` for each exchange, to whoever subscribes. */
export interface Exchange {
  readonly method: Method;
  /** Redacted. */
  readonly url: string;
  readonly attempt: number;
  readonly durationMs: number;
  /** Absent when there was no answer; then `code` may tell why. */
  readonly status?: number;
  readonly code?: string;
}

const EXCHANGES = channel("tidemark:http");

/** The door to the network: see `HttpClient`. Disposing it ends every connection. */
export function openHttpClient(options: HttpOptions): HttpClient {
  const { report = () => {}, random = Math.random, now = () => new Date() } = options;
  const sleep = options.sleep ?? wait;
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  const transport = createTransport({
    ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
    skipTlsVerify: options.skipTlsVerify ?? false,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
  });
  const limiters = new Map<string, Limiter>();
  const counts = { GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 };
  const warnings = new Set<string>();

  return {
    send,
    counts: () => ({ ...counts }),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };

  async function send(request: HttpRequest): Promise<HttpResponse> {
    let current: HttpRequest = {
      ...request,
      headers: { "user-agent": options.userAgent, ...request.headers },
    };
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const sent = current;
      const data = await exchangeWithRetries(sent);
      const location = readHeaders(data.headers)["location"];
      const next = redirectedRequest(sent, data.statusCode, location);
      if (next === undefined) {
        const again = sent.method === "GET" ? () => exchangeWithRetries(sent) : undefined;
        return createResponse(sent, data, again);
      }
      await data.body.dump();
      current = next;
    }
    throw new HttpError(
      `${request.method} ${redactUrl(request.url)}: redirected more than ${MAX_REDIRECTS} times`,
      { code: "TOO_MANY_REDIRECTS" },
    );
  }

  async function exchangeWithRetries(request: HttpRequest): Promise<Dispatcher.ResponseData> {
    const limiter = limiterFor(request);
    let waitedMs = 0;
    for (let number = 1; ; number += 1) {
      const place = await limiter.enter({ ...signalOf(request), again: number > 1 });
      const result = await tryExchange(request, number, place);
      const attempt = attemptOf(request, { number, waitedMs, endedAt: now(), result });
      pauseWhereAsked(request, limiter, attempt);
      settlePlace(place, attempt);
      const delayMs = retryDelay(attempt, policy, random());
      if (delayMs === undefined) {
        if ("error" in result) throw result.error;
        warn(request.url, attempt);
        return result.data;
      }
      if ("data" in result) await result.data.body.dump().catch(() => {});
      reportRetry(request, attempt, delayMs);
      await sleep(delayMs, request.signal);
      waitedMs += delayMs;
    }
  }

  async function tryExchange(
    request: HttpRequest,
    number: number,
    place: Place,
  ): Promise<ExchangeResult> {
    const startedAt = now().getTime();
    counts[request.method] += 1;
    try {
      const data = await transport.exchange(request);
      publish(request, { number, startedAt, status: data.statusCode });
      return { data };
    } catch (error) {
      if (!(error instanceof HttpError)) {
        place.leave("failed");
        throw error;
      }
      publish(request, { number, startedAt, ...(error.code ? { code: error.code } : {}) });
      return { error };
    }
  }

  /** A server that says when to come back is believed for the whole budget, as long as that is bearable. */
  function pauseWhereAsked(
    request: HttpRequest,
    limiter: Limiter,
    { outcome, endedAt }: Attempt,
  ): void {
    if (outcome.kind === "failure") return;
    const { status, headers } = outcome;
    const refuses = isThrottled(status, headers) || status === 503;
    if (!refuses && !isExhausted(headers)) return;
    const delayMs = askedDelay(headers, endedAt);
    if (delayMs === undefined || delayMs === 0 || delayMs > policy.totalDelayMs) return;
    if (limiter.pause(delayMs)) report({ type: "http.paused", budget: budgetOf(request), delayMs });
  }

  function reportRetry(
    { method, url }: HttpRequest,
    { number, outcome }: Attempt,
    delayMs: number,
  ): void {
    const status = outcome.kind === "answer" ? { status: outcome.status } : {};
    report({
      type: "http.retried",
      method,
      url: redactUrl(url),
      attempt: number,
      delayMs,
      ...status,
    });
  }

  /** `Warning: 299 - "text"` must be shown to people. Source: OCI distribution-spec, Warnings. */
  function warn(url: URL, { outcome }: Attempt): void {
    const header = outcome.kind === "answer" ? outcome.headers["warning"] : undefined;
    if (header === undefined) return;
    for (const [, text = ""] of header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      const line = redactText(text.replaceAll(/\\(.)/g, "$1"));
      const key = `${url.host} ${line}`;
      if (warnings.has(key) || warnings.size >= MAX_WARNINGS) continue;
      warnings.add(key);
      report({ type: "http.warned", host: url.host, text: line });
    }
  }

  function publish(
    { method, url }: HttpRequest,
    { number, startedAt, ...ending }: PublishedEnding,
  ): void {
    if (!EXCHANGES.hasSubscribers) return;
    const durationMs = now().getTime() - startedAt;
    const exchange: Exchange = {
      method,
      url: redactUrl(url),
      attempt: number,
      durationMs,
      ...ending,
    };
    EXCHANGES.publish(exchange);
  }

  function limiterFor(request: HttpRequest): Limiter {
    const budget = budgetOf(request);
    const known = limiters.get(budget);
    if (known !== undefined) return known;
    const limiter = createLimiter({
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
      now,
      sleep,
    });
    limiters.set(budget, limiter);
    return limiter;
  }
}

/** Below the published limits of every registry we know. */
const DEFAULT_CONCURRENCY = 10;
/** A server that words every warning anew is cut short. */
const MAX_WARNINGS = 100;

type ExchangeResult = { readonly data: Dispatcher.ResponseData } | { readonly error: HttpError };

interface PublishedEnding {
  readonly number: number;
  readonly startedAt: number;
  readonly status?: number;
  readonly code?: string;
}

function attemptOf(
  { method, body }: HttpRequest,
  progress: Pick<Attempt, "number" | "waitedMs" | "endedAt"> & { readonly result: ExchangeResult },
): Attempt {
  const { result, ...rest } = progress;
  const repeatable = body === undefined || body instanceof Uint8Array;
  const outcome: Attempt["outcome"] =
    "error" in result
      ? { kind: "failure", code: result.error.code }
      : {
          kind: "answer",
          status: result.data.statusCode,
          headers: readHeaders(result.data.headers),
        };
  return { ...rest, method, repeatable, outcome };
}

function settlePlace(place: Place, { outcome }: Attempt): void {
  if (outcome.kind === "failure") return place.leave("failed");
  const { status, headers } = outcome;
  if (isThrottled(status, headers) || status === 503) return place.leave("throttled");
  place.leave(status >= 500 ? "failed" : "ok");
}

function budgetOf({ budget, url }: HttpRequest): string {
  return budget ?? url.host;
}

function signalOf({ signal }: HttpRequest): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
