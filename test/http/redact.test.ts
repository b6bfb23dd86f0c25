import { describe, expect, it } from "vitest";
import { redactText, redactUrl } from "../../src/http/redact.ts";
import { warningTexts } from "../../src/http/warning.ts";

describe("redactUrl", () => {
  it.each([
    ["https://bot:pw@r.test:5000/v2/a?n=1&sig=abc&sig=d#x", "https://r.test:5000/v2/a?n=…&sig=…"],
    ["http://r.test/", "http://r.test/"],
  ])("%s → %s", (url, redacted) => {
    expect(redactUrl(new URL(url))).toBe(redacted);
  });
});

describe("redactText", () => {
  it("makes one line and redacts the URLs in it", () => {
    const text = "see\r\nhttps://bot:pw@r.test/a?token=s3cret, or <http://x.test/?k=v>\u001b[31m";

    expect(redactText(text)).toBe("see https://r.test/a?token=… or <http://x.test/?k=…> [31m");
  });

  it("cuts what is too long", () => {
    expect(redactText("abcdef", 4)).toBe("abc…");
  });
});

describe("warningTexts", () => {
  it.each([
    ['299 - "say \\"hi\\""', ['say "hi"']],
    ['299 - "one", 299 reg "two"', ["one", "two"]],
    ['110 - "stale"', []],
    [undefined, []],
  ])("%j → %j", (header, texts) => {
    expect(warningTexts(header)).toEqual(texts);
  });
});
