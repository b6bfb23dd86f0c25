import type { FakeResponse } from "../message.ts";
import { answerJson } from "../message.ts";

export interface FakeLimits {
  readonly requestsAnHour: number;
  /** A reading request costs 1, any other 5. */
  readonly pointsAMinute: number;
}

/** The limits of the REST API. Source: GitHub Docs, "Rate limits for the REST API". */
export interface Limiter {
  /** Counts a request; the refusal when it came too early. */
  admit(method: string): FakeResponse | undefined;
  /** What every answer carries. */
  headers(): Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DOCS = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

export function createLimiter(limits: FakeLimits | undefined, now: () => number): Limiter {
  if (limits === undefined) return { admit: () => undefined, headers: () => ({}) };
  const { requestsAnHour, pointsAMinute } = limits;
  /** The window begins with the first request after the last one ended. */
  let resetAt = 0;
  let used = 0;
  const spent: { readonly at: number; readonly points: number }[] = [];
  let points = 0;

  return { admit, headers };

  function admit(method: string): FakeResponse | undefined {
    if (now() >= resetAt) {
      resetAt = Math.ceil((now() + HOUR_MS) / 1000) * 1000;
      used = 0;
    }
    while (spent[0] !== undefined && spent[0].at <= now() - MINUTE_MS) {
      points -= spent.shift()?.points ?? 0;
    }
    const cost = method === "GET" || method === "HEAD" ? 1 : 5;
    if (used >= requestsAnHour) {
      const message = "API rate limit exceeded for user ID 1.";
      return answerJson(403, { message, documentation_url: DOCS }, headers());
    }
    used += 1;
    spent.push({ at: now(), points: cost });
    points += cost;
    if (points <= pointsAMinute) return undefined;
    const message =
      "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    return answerJson(
      403,
      { message, documentation_url: `${DOCS}#about-secondary-rate-limits` },
      { ...headers(), "retry-after": "60" },
    );
  }

  function headers(): Readonly<Record<string, string>> {
    return {
      "x-ratelimit-limit": String(requestsAnHour),
      "x-ratelimit-remaining": String(Math.max(0, requestsAnHour - used)),
      "x-ratelimit-used": String(used),
      "x-ratelimit-reset": String(resetAt / 1000),
      "x-ratelimit-resource": "core",
      date: new Date(now()).toUTCString(),
    };
  }
}
