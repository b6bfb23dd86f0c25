import { describe, expect, it } from "vitest";
import { askedDelay, isExhausted, parseRetryAfter } from "../../src/http/rate-headers.ts";

const now = new Date("2026-03-01T12:00:00Z");
const epoch = now.getTime() / 1000;

describe("parseRetryAfter", () => {
  it.each([
    ["0", 0],
    ["2", 2000],
    [" 300 ", 300_000],
    ["100000", 100_000_000],
    ["1.5", 1500],
    ["0.0001", 1],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
    ["2026-03-01T12:00:30Z", undefined],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %j as %j ms", (value, delayMs) => {
    expect(parseRetryAfter(value, now)).toBe(delayMs);
  });
});

describe("askedDelay", () => {
  it.each([
    [{ "retry-after": "3", "ratelimit-reset": "9" }, 3000],
    [{ "retry-after": "3", "x-retry-after": `${epoch + 60}` }, 3000],
    [{ "x-retry-after": `${epoch + 60}`, "x-ratelimit-reset": "9" }, 60_000],
    [{ "x-retry-after": "4" }, 4000],
    [{ "x-retry-after": "soon", "x-ratelimit-reset": "9" }, 9000],
    [{ "ratelimit-reset": "9" }, 9000],
    [{ "ratelimit-reset": "9;w=60" }, 9000],
    [{ "x-ratelimit-reset": `${epoch + 60}` }, 60_000],
    [{ "x-ratelimit-reset": `${(epoch + 60) * 1000}` }, 60_000],
    [{ "x-ratelimit-reset": `${epoch - 60}` }, 0],
    [{ "x-ratelimit-reset": "Sun, 01 Mar 2026 12:00:30 GMT" }, 30_000],
    [{ ratelimit: "limit=100, remaining=0, reset=7" }, 7000],
    [{ ratelimit: '"default";r=0;t=8' }, 8000],
    [{ "ratelimit-limit": "100;w=21600" }, undefined],
    [{}, undefined],
  ])("reads %j as %j ms", (headers, delayMs) => {
    expect(askedDelay(headers, now)).toBe(delayMs);
  });
});

describe("isExhausted", () => {
  it.each([
    [{ "x-ratelimit-remaining": "0" }, true],
    [{ "ratelimit-remaining": "0;w=21600" }, true],
    [{ ratelimit: "limit=5, remaining=0, reset=7" }, true],
    [{ ratelimit: '"burst";r=0;t=7' }, true],
    [{ "x-ratelimit-remaining": "1" }, false],
    [{ "x-ratelimit-remaining": "" }, false],
    [{}, false],
  ])("says of %j: %j", (headers, expected) => {
    expect(isExhausted(headers)).toBe(expected);
  });
});
