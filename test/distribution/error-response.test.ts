import { describe, expect, it } from "vitest";
import {
  errorCodeFor,
  refusalError,
  transportFailure,
} from "../../src/distribution/error-response.ts";
import { HttpError } from "../../src/http/client.ts";

const purpose = {
  host: "r.test",
  verb: "delete",
  reference: "r.test/acme/api:1.0",
  scrub: (text: string) => text.replaceAll("s3cret", "***"),
};

describe("errorCodeFor", () => {
  it.each([
    [404, "MANIFEST_UNKNOWN", "not-found"],
    [400, "NAME_UNKNOWN", "not-found"],
    [410, "MANIFEST_UNKNOWN", "not-found"],
    [401, "NAME_UNKNOWN", "unauthorized"],
    [403, "NAME_UNKNOWN", "denied"],
    [500, "MANIFEST_UNKNOWN", "unavailable"],
    [503, "BLOB_UNKNOWN", "unavailable"],
    [404, "UNAUTHORIZED", "unauthorized"],
    [405, "DENIED", "denied"],
    [400, "UNSUPPORTED", "unsupported"],
    [403, "TOOMANYREQUESTS", "rate-limited"],
    [409, "SOMETHING_OF_ITS_OWN", "conflict"],
    [400, undefined, "invalid"],
    [401, undefined, "unauthorized"],
    [403, undefined, "denied"],
    [405, undefined, "unsupported"],
    [412, undefined, "conflict"],
    [413, undefined, "invalid"],
    [423, undefined, "conflict"],
    [429, undefined, "rate-limited"],
    [500, undefined, "unavailable"],
    [599, undefined, "unavailable"],
    [302, undefined, "protocol"],
    [418, undefined, "protocol"],
  ])("%i %s → %s", (status, registryCode, code) => {
    expect(errorCodeFor(status, registryCode)).toBe(code);
  });
});

describe("refusalError", () => {
  it("is one line with the registry's own words, code and a hint", () => {
    const error = refuse(
      405,
      '{"errors":[{"code":"UNSUPPORTED","message":"The operation\\nis unsupported."}]}',
    );

    expect(error).toMatchObject({
      code: "unsupported",
      status: 405,
      registryCode: "UNSUPPORTED",
      message:
        "r.test: cannot delete r.test/acme/api:1.0: unsupported (405 UNSUPPORTED: The operation is unsupported.)",
      hint: "Deletion is switched off on this registry; whoever runs it can switch it on.",
    });
  });

  it.each([
    ["a page", "<html><head><title>502 Bad\nGateway</title></head></html>", "500 502 Bad Gateway"],
    ["a page without a title", "<style>a{}</style><h1>Sorry</h1> <p>later</p>", "500 Sorry later"],
    ["text", "no space left", "500 no space left"],
    ["nothing", "", "500"],
    ["JSON of its own", '{"message":"quota exceeded"}', "500 quota exceeded"],
    ["errors without codes", '{"errors":[{"message":"odd"},null,7]}', "500 odd"],
    ["broken JSON", '{"errors":[', '500 {"errors":['],
    [
      "many errors",
      '{"errors":[{"code":"A"},{"code":"A"},{"code":"B"},{"code":"C"},{"code":"D"}]}',
      "500 A; B; C",
    ],
    ["our own secret", "you sent s3cret", "500 you sent ***"],
    ["a signed address", "see https://cdn.test/x?sig=abc", "500 see https://cdn.test/x?sig=…"],
  ])("survives %s", (_, body, why) => {
    expect(refuse(500, body).message).toBe(
      `r.test: cannot delete r.test/acme/api:1.0: unavailable (${why})`,
    );
  });

  it("says how to log in", () => {
    expect(refuse(401, "").hint).toContain("cr login r.test");
  });
});

function refuse(status: number, body: string) {
  return refusalError(purpose, { status, body: new TextEncoder().encode(body) });
}

describe("transportFailure", () => {
  it.each([
    ["SELF_SIGNED_CERT_IN_CHAIN", true],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", true],
    ["CERT_HAS_EXPIRED", false],
    ["ECONNREFUSED", false],
  ])("of %s names the option for a private authority: %s", (code, isNamed) => {
    const { hint = "" } = transportFailure(purpose, new HttpError("no answer", { code }));

    expect(hint.includes("--registry-ca-file")).toBe(isNamed);
  });
});
