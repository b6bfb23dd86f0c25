import { describe, expect, it } from "vitest";
import { parseSeconds, readSeconds } from "../../src/git/seconds.ts";

describe("readSeconds", () => {
  it.each([
    ["0", 0],
    ["1700000000", 1_700_000_000],
    ["4294967296", 4_294_967_296],
    ["18446744073709551611", -5],
    ["-5", -5],
    ["", undefined],
    ["12x", undefined],
    ["123456789012345678901", undefined],
  ])("reads %j as %j", (text, seconds) => {
    const bytes = Buffer.from(`[${text}]`);

    expect(readSeconds(bytes, 1, bytes.length - 1)).toBe(seconds);
    expect(parseSeconds(text)).toBe(seconds);
  });
});
