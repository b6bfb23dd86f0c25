import { answerJson } from "../message.ts";
import type { FakeResponse } from "../message.ts";

export interface HubLimit {
  readonly requests: number;
  readonly windowMs: number;
  /** The header of a refusal: seconds to wait, or as it was until 2025 a time in seconds. */
  readonly refusal: "retry-after" | "x-retry-after";
}

/** The limit of the Hub API, with its headers on every answer. Source: Hub API reference, "Rate limiting". */
export function createLimit(
  { requests, windowMs, refusal }: HubLimit,
  now: () => number,
): (serve: () => FakeResponse) => FakeResponse {
  let endsAt = now() + windowMs;
  let used = 0;
  return (serve) => {
    if (now() >= endsAt) {
      endsAt = now() + windowMs;
      used = 0;
    }
    used += 1;
    const headers = {
      "x-ratelimit-limit": String(requests),
      "x-ratelimit-remaining": String(Math.max(0, requests - used)),
      "x-ratelimit-reset": String(Math.ceil(endsAt / 1000)),
    };
    if (used > requests) {
      const seconds = Math.ceil((endsAt - now()) / 1000);
      const when = refusal === "retry-after" ? seconds : Math.ceil(endsAt / 1000);
      return answerJson(
        429,
        { detail: "Rate limit exceeded", error: false },
        { ...headers, [refusal]: String(when) },
      );
    }
    const response = serve();
    return { ...response, headers: { ...headers, ...response.headers } };
  };
}
