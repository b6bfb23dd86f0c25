import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../../src/http/client.ts";
import { redirectedRequest } from "../../src/http/redirect.ts";

const headers = { authorization: "Bearer s3cret", "private-token": "s3cret", accept: "*/*" };

describe("redirectedRequest", () => {
  it.each([
    ["GET", 301],
    ["GET", 302],
    ["HEAD", 303],
    ["GET", 307],
    ["HEAD", 308],
    ["PUT", 307],
    ["DELETE", 308],
  ] as const)("follows %s on %i", (method, status) => {
    const next = redirectedRequest(request({ method }), status, "/other?a=b");

    expect(next?.url.href).toBe("https://r.test/other?a=b");
    expect(next?.headers).toEqual(headers);
    expect(next?.method).toBe(method);
  });

  it.each([
    ["POST", 307],
    ["PUT", 301],
    ["DELETE", 302],
    ["GET", 304],
    ["GET", 200],
  ] as const)("leaves %s on %i as it is", (method, status) => {
    expect(redirectedRequest(request({ method }), status, "/other")).toBeUndefined();
  });

  it("leaves a stream as it is, which could not be sent again", () => {
    async function* body(): AsyncGenerator<Uint8Array> {}

    expect(redirectedRequest(request({ method: "PUT", body: body() }), 307, "/x")).toBeUndefined();
  });

  it.each(["https://cdn.test/x", "https://r.test:444/x", "https://bot:pw@cdn.test/x"])(
    "sends nothing secret to %s",
    (location) => {
      const next = redirectedRequest(request({ budget: "r" }), 307, location);

      expect(next?.headers).toEqual({ accept: "*/*" });
      expect(next?.budget).toBeUndefined();
      expect(next?.url.username).toBe("");
    },
  );

  it.each(["http://r.test/x", "file:///etc/passwd", "ftp://r.test/"])("refuses %s", (location) => {
    expect(() => redirectedRequest(request({}), 302, location)).toThrow(/refused/);
  });
});

function request(given: Partial<HttpRequest>): HttpRequest {
  return { method: "GET", url: new URL("https://r.test/v2/"), headers, ...given };
}
