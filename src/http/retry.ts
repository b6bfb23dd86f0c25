import type { Method } from "./client.ts";
import { askedDelay, isExhausted } from "./rate-headers.ts";

export interface RetryPolicy {
  /** Retries of a request that failed without the server naming a rate limit. */
  readonly limit: number;
  /** Retries of a request that a rate limit refused: nothing was done, so patience is cheap. */
  readonly throttledLimit: number;
  /** Retries where no connection came about: a name that does not resolve, a closed port. */
  readonly unreachableLimit: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Most milliseconds one request waits in all; what the server asks beyond that is given up. */
  readonly totalDelayMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  limit: 5,
  throttledLimit: 12,
  unreachableLimit: 3,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
  totalDelayMs: 15 * 60_000, // a rate window of ten minutes is waited out, one of hours is not
};

/** One try of a request and how it ended. */
export interface Attempt {
  /** The first is 1. */
  readonly number: number;
  readonly method: Method;
  /** False for a stream: it is gone once it was read. */
  readonly repeatable: boolean;
  /** Milliseconds this request waited before earlier retries. */
  readonly waitedMs: number;
  readonly endedAt: Date;
  readonly outcome:
    | {
        readonly kind: "answer";
        readonly status: number;
        readonly headers: Readonly<Record<string, string | undefined>>;
      }
    | { readonly kind: "failure"; readonly code: string | undefined };
}

/**
 * Milliseconds to wait before trying again, or `undefined` to give up.
 *
 * What the server asks for wins over our backoff and is never jittered. A `POST` is retried only when the server
 * cannot have acted: a rate limit refused it, or no connection came about.
 *
 * @param jitter Where in the backoff window to land, 0 to 1; drawn by the caller.
 */
export function retryDelay(
  attempt: Attempt,
  policy: RetryPolicy,
  jitter: number,
): number | undefined {
  if (!attempt.repeatable || attempt.number > retryLimit(attempt, policy)) return undefined;
  const { outcome } = attempt;
  const asked =
    outcome.kind === "answer" ? askedDelay(outcome.headers, attempt.endedAt) : undefined;
  const backoff = Math.min(policy.baseDelayMs * 2 ** (attempt.number - 1), policy.maxDelayMs);
  const delay = asked ?? Math.round(jitter * backoff);
  return attempt.waitedMs + delay > policy.totalDelayMs ? undefined : delay;
}

/**
 * Whether a rate limit refused the request: 429, or a 403 that says that nothing is left or when to come back.
 */
export function isThrottled(
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
): boolean {
  if (status === 429) return true;
  return status === 403 && (headers["retry-after"] !== undefined || isExhausted(headers));
}

/** Whether a failure of this code came before anything was sent. */
export function isNeverSent(code: string | undefined): boolean {
  return code !== undefined && (code === CLOSED || UNREACHABLE.has(code) || isRefusedByTls(code));
}

function retryLimit({ method, outcome }: Attempt, policy: RetryPolicy): number {
  if (outcome.kind === "answer") {
    if (isThrottled(outcome.status, outcome.headers)) return policy.throttledLimit;
    return method !== "POST" && RETRYABLE_STATUS.has(outcome.status) ? policy.limit : 0;
  }
  const code = outcome.code ?? "";
  if (code === CLOSED || isRefusedByTls(code)) return 0;
  if (method === "POST" && !UNREACHABLE.has(code)) return 0;
  return UNREACHABLE.has(code) ? policy.unreachableLimit : policy.limit;
}

/** Code of the error of a door that was disposed of. */
export const CLOSED = "CLOSED";

const RETRYABLE_STATUS = new Set([408, 425, 500, 502, 503, 504]);
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Certificates and TLS versions do not change between two tries. Codes as Node and OpenSSL name them. */
function isRefusedByTls(code: string): boolean {
  return code === "EPROTO" || /^ERR_(?:SSL|TLS)_|CERT|^UNABLE_TO_|_ISSUER/.test(code);
}
