type Headers = Readonly<Record<string, string | undefined>>;

/**
 * How long the server asks us to stay away, in milliseconds; `undefined` when it does not say.
 *
 * `Retry-After` wins: whole or fractional seconds of any size, or an HTTP date. Then `X-Retry-After`, in seconds from
 * now or since the epoch. Then the reset of a rate limit that is used up: `RateLimit: limit=…, remaining=0, reset=…`, `RateLimit: "name";r=0;t=…`, and the header
 * families `RateLimit-Reset` and `X-RateLimit-Reset`, in seconds from now or since the epoch.
 */
export function askedDelay(headers: Headers, now: Date): number | undefined {
  return (
    parseRetryAfter(headers["retry-after"], now) ??
    retryTime(headers["x-retry-after"], now) ??
    resetDelay(headers, now)
  );
}

/** Whether a rate header says that nothing is left. False when there is none. */
export function isExhausted(headers: Headers): boolean {
  return remaining(headers) === 0;
}

/** Milliseconds from now, never negative. Source: RFC 9110, 10.2.3; fractions are sent in the wild. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(?:\.\d*)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** A number as it stands in a reset header, or whatever `Retry-After` may hold. */
function retryTime(value: string | undefined, now: Date): number | undefined {
  const number = leadingNumber(value);
  return number === undefined ? parseRetryAfter(value, now) : delayOf(number, now);
}

function resetDelay(headers: Headers, now: Date): number | undefined {
  const reset =
    parameter(headers["ratelimit"], "reset", "t") ??
    leadingNumber(headers["ratelimit-reset"] ?? headers["x-ratelimit-reset"]);
  if (reset !== undefined) return delayOf(reset, now);
  return parseRetryAfter(headers["x-ratelimit-reset"] ?? headers["ratelimit-reset"], now);
}

function remaining(headers: Headers): number | undefined {
  return (
    parameter(headers["ratelimit"], "remaining", "r") ??
    leadingNumber(headers["ratelimit-remaining"] ?? headers["x-ratelimit-remaining"])
  );
}

/** A number above this is a time since the epoch, not a wait: as seconds it would be thirty years. */
const LEAST_EPOCH_SECONDS = 1_000_000_000;
const LEAST_EPOCH_MS = LEAST_EPOCH_SECONDS * 1000;

function delayOf(reset: number, now: Date): number {
  if (reset >= LEAST_EPOCH_MS) return Math.max(0, reset - now.getTime());
  if (reset >= LEAST_EPOCH_SECONDS) return Math.max(0, reset * 1000 - now.getTime());
  return Math.ceil(reset * 1000);
}

/** `limit=5, remaining=0, reset=7` or `"default";r=0;t=7`: the value of the first name that is there. */
function parameter(value: string | undefined, ...names: readonly string[]): number | undefined {
  if (value === undefined) return undefined;
  for (const part of value.split(/[,;]/)) {
    const [name = "", number] = part.split("=");
    if (names.includes(name.trim().toLowerCase())) return leadingNumber(number);
  }
  return undefined;
}

/** The number a value starts with: `100;w=21600` → 100. A date or any other text has none. */
function leadingNumber(value: string | undefined): number | undefined {
  const digits = /^\s*(\d+(?:\.\d+)?)\s*(?:[;,]|$)/.exec(value ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}
