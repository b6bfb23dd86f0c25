import { describe, expect, it } from "vitest";
import { DEFAULT_RETRY_POLICY, retryDelay } from "../../src/http/retry.ts";
import type { Attempt } from "../../src/http/retry.ts";

const policy = { ...DEFAULT_RETRY_POLICY, limit: 3, baseDelayMs: 100, maxDelayMs: 250 };

describe("retryDelay", () => {
  it.each([
    ["a broken connection", { outcome: failure("ECONNRESET") }, 100],
    ["the second try", { number: 2 }, 200],
    ["the third try, capped", { number: 3 }, 250],
    ["the last try", { number: 4 }, undefined],
    ["a stream", { repeatable: false }, undefined],
    ["408", { outcome: answer(408) }, 100],
    ["429", { outcome: answer(429) }, 100],
    ["500", { outcome: answer(500) }, 100],
    ["501", { outcome: answer(501) }, undefined],
    ["404", { outcome: answer(404) }, undefined],
    ["401", { outcome: answer(401) }, undefined],
    ["403", { outcome: answer(403) }, undefined],
    ["403 with nothing left", { outcome: answer(403, { "x-ratelimit-remaining": "0" }) }, 100],
    ["403 with a time", { outcome: answer(403, { "retry-after": "1" }) }, 1000],
    ["POST on 429", { method: "POST", outcome: answer(429) }, 100],
    ["POST on 503", { method: "POST", outcome: answer(503) }, undefined],
    ["POST on a reset", { method: "POST", outcome: failure("ECONNRESET") }, undefined],
    ["POST to a closed port", { method: "POST", outcome: failure("ECONNREFUSED") }, 100],
    ["a refused certificate", { outcome: failure("CERT_HAS_EXPIRED") }, undefined],
    ["a self-signed one", { outcome: failure("DEPTH_ZERO_SELF_SIGNED_CERT") }, undefined],
    ["no TLS", { outcome: failure("EPROTO") }, undefined],
    ["Retry-After above 255", { outcome: answer(429, { "retry-after": "300" }) }, 300_000],
    ["Retry-After beyond bearing", { outcome: answer(429, { "retry-after": "901" }) }, undefined],
    [
      "what was waited counts",
      { waitedMs: 899_000, outcome: answer(503, { "retry-after": "2" }) },
      undefined,
    ],
  ] satisfies [string, Partial<Attempt>, number | undefined][])("%s", (_, given, delayMs) => {
    expect(retryDelay(attempt(given), policy, 1)).toBe(delayMs);
  });

  it("lands anywhere in the backoff window", () => {
    expect(retryDelay(attempt({}), policy, 0)).toBe(0);
    expect(retryDelay(attempt({}), policy, 0.5)).toBe(50);
  });

  it("never jitters what the server asks for", () => {
    const given = attempt({ outcome: answer(429, { "retry-after": "2" }) });

    expect(retryDelay(given, policy, 0)).toBe(2000);
  });

  it("is more patient with a rate limit than with an error", () => {
    expect(retryDelay(attempt({ number: 12, outcome: answer(429) }), policy, 1)).toBe(250);
    expect(retryDelay(attempt({ number: 13, outcome: answer(429) }), policy, 1)).toBeUndefined();
  });
});

function attempt(given: Partial<Attempt>): Attempt {
  return {
    number: 1,
    method: "GET",
    repeatable: true,
    waitedMs: 0,
    endedAt: new Date("2026-03-01T12:00:00Z"),
    outcome: answer(503),
    ...given,
  };
}

function answer(status: number, headers: Record<string, string> = {}): Attempt["outcome"] {
  return { kind: "answer", status, headers };
}

function failure(code: string): Attempt["outcome"] {
  return { kind: "failure", code };
}
