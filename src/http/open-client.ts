import { channel } from "node:diagnostics_channel";
import { createBudgets } from "./budgets.ts";
import { clockSkew } from "./clock-skew.ts";
import { HttpError } from "./client.ts";
import type { HttpClient, HttpEvent, HttpRequest, HttpResponse, Method } from "./client.ts";
import type { Place } from "./limiter.ts";
import { MAX_REDIRECTS, redirectedRequest } from "./redirect.ts";
import { redactUrl, secretsOf } from "./redact.ts";
import { createResponse } from "./response.ts";
import { DEFAULT_RETRY_POLICY, isNeverSent, retryDelay } from "./retry.ts";
import type { Attempt, RetryPolicy } from "./retry.ts";
import { sleep as sleepByTheClock } from "./sleep.ts";
import type { Sleep } from "./sleep.ts";
import { DEFAULT_TIMEOUTS, createTransport } from "./transport.ts";
import type { RawAnswer, Timeouts } from "./transport.ts";
import { warningTexts } from "./warning.ts";

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
  /**
   * Told once for each host by how much this machine's clock is ahead of the server's, or behind it when negative, where
   * that is more than a second. Milliseconds.
   */
  readonly skewed?: (host: string, skewMs: number) => void;
  readonly now?: () => Date;
  /** 0 to 1. */
  readonly random?: () => number;
  readonly sleep?: Sleep;
}

/** Published on `node:diagnostics_channel` for each exchange, to whoever subscribes to `tidemark:http`. */
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

/** Below the published limits of every registry we know. */
const DEFAULT_CONCURRENCY = 10;

/** Clocks that differ by less do no harm. Milliseconds. */
const MAX_SKEW_MS = 1_000;

/** A server that words every warning anew is cut short. */
const MAX_WARNINGS = 100;

/** The door to the network: see `HttpClient`. Disposing it ends every connection and every wait. */
export function openHttpClient(options: HttpOptions): HttpClient {
  const { report = () => {}, random = Math.random, now = () => new Date() } = options;
  const sleep = options.sleep ?? sleepByTheClock;
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  const closing = new AbortController();
  const transport = createTransport({
    ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
    skipTlsVerify: options.skipTlsVerify ?? false,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
  });
  const budgets = createBudgets({
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    maxPauseMs: policy.totalDelayMs,
    now,
    report,
    sleep: (ms) => sleep(ms, closing.signal),
  });
  const counts = { GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 };
  const warnings = new Set<string>();
  const skewed = new Set<string>();

  return {
    send,
    counts: () => ({ ...counts }),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await transport[Symbol.asyncDispose]();
    },
  };

  async function send(request: HttpRequest): Promise<HttpResponse> {
    const headers = { "user-agent": options.userAgent, ...request.headers };
    let current: HttpRequest = { ...request, headers };
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const sent = current;
      const answer = await exchangeWithRetries(sent);
      const next = redirectedRequest(sent, answer.status, answer.headers["location"]);
      if (next === undefined)
        return createResponse(sent, answer, (failures) => again(sent, failures));
      await drop(answer);
      current = next;
    }
    throw new HttpError(
      `${request.method} ${redactUrl(request.url)}: redirected more than ${MAX_REDIRECTS} times`,
      { code: "TOO_MANY_REDIRECTS" },
    );
  }

  /** Once more, for a body that broke off; `undefined` where that is not safe or has failed too often. */
  async function again(request: HttpRequest, failures: number): Promise<RawAnswer | undefined> {
    if (request.method !== "GET" && request.isQuery !== true) return undefined;
    const result = { error: new HttpError("the body broke off") };
    const attempt = attemptOf(request, { number: failures, waitedMs: 0, endedAt: now(), result });
    const delayMs = retryDelay(attempt, policy, random());
    if (delayMs === undefined) return undefined;
    reportRetry(request, attempt, delayMs);
    await sleep(delayMs, request.signal);
    return exchangeWithRetries(request);
  }

  async function exchangeWithRetries(request: HttpRequest): Promise<RawAnswer> {
    let waitedMs = 0;
    for (let number = 1; ; number += 1) {
      const place = await budgets.enter(request, { again: number > 1 });
      const result = await tryExchange(request, number, place);
      const attempt = attemptOf(request, { number, waitedMs, endedAt: now(), result });
      budgets.settle(request, place, attempt);
      const delayMs = retryDelay(attempt, policy, random());
      if (delayMs === undefined) {
        if ("error" in result) throw result.error;
        warn(request, result.answer);
        return result.answer;
      }
      if ("answer" in result) await drop(result.answer);
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
    try {
      const answer = await transport.exchange(request);
      counts[request.method] += 1;
      publish(request, { number, startedAt, status: answer.status });
      compareClocks(request, startedAt, answer);
      return { answer };
    } catch (error) {
      if (!(error instanceof HttpError)) {
        place.leave("failed");
        throw error;
      }
      if (!isNeverSent(error.code)) counts[request.method] += 1;
      publish(request, { number, startedAt, ...(error.code ? { code: error.code } : {}) });
      return { error };
    }
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

  function warn(request: HttpRequest, { headers }: RawAnswer): void {
    const { warning } = headers;
    if (warning === undefined) return;
    const { host } = request.url;
    for (const text of warningTexts(warning, secretsOf(request))) {
      const key = `${host} ${text}`;
      if (warnings.has(key) || warnings.size >= MAX_WARNINGS) continue;
      warnings.add(key);
      report({ type: "http.warned", host, text });
    }
  }

  function compareClocks({ url }: HttpRequest, startedAt: number, { headers }: RawAnswer): void {
    const { host } = url;
    if (options.skewed === undefined || skewed.has(host)) return;
    const skewMs = clockSkew({ startedAt, endedAt: now().getTime(), headers });
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return;
    skewed.add(host);
    options.skewed(host, skewMs);
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
}

type ExchangeResult = { readonly answer: RawAnswer } | { readonly error: HttpError };

interface PublishedEnding {
  readonly number: number;
  readonly startedAt: number;
  readonly status?: number;
  readonly code?: string;
}

function attemptOf(
  { body, isQuery, ...request }: HttpRequest,
  progress: Pick<Attempt, "number" | "waitedMs" | "endedAt"> & { readonly result: ExchangeResult },
): Attempt {
  const { result, ...rest } = progress;
  const repeatable = body === undefined || body instanceof Uint8Array;
  const method = isQuery === true ? "GET" : request.method;
  if ("error" in result) {
    return { ...rest, method, repeatable, outcome: { kind: "failure", code: result.error.code } };
  }
  const { status, headers } = result.answer;
  return {
    ...rest,
    method,
    repeatable,
    outcome: { kind: "answer", status, headers },
  };
}

/** Reads and forgets a body, so that its connection can be used again; a broken one is replaced by the pool. */
async function drop({ body }: RawAnswer): Promise<void> {
  await body.dump().catch(() => undefined);
}
