import { describe, expect, it } from "vitest";
import { chooseChallenge } from "../../src/distribution/challenge.ts";

const REALM = new URL("https://auth.test/token");
const bearer = { scheme: "bearer", realm: REALM, service: "r.test", scopes: [], error: undefined };

describe("chooseChallenge", () => {
  it.each([
    ["Bearer", ['Bearer realm="https://auth.test/token",service="r.test"'], bearer],
    ["no quotes", ["Bearer realm=https://auth.test/token, service=r.test"], bearer],
    ["spaces", ['bearer   realm = "https://auth.test/token" , service = "r.test"'], bearer],
    [
      "commas and escapes in quotes",
      [
        'Bearer realm="https://auth.test/token",service="r, \\"x\\"",scope="repository:a/b:pull,push"',
      ],
      { ...bearer, service: 'r, "x"', scopes: ["repository:a/b:pull,push"] },
    ],
    [
      "several scopes and an error",
      [
        'Bearer realm="https://auth.test/token",service="r.test",scope="a:b:c  d:e:f",error="insufficient_scope"',
      ],
      { ...bearer, scopes: ["a:b:c", "d:e:f"], error: "insufficient_scope" },
    ],
    [
      "several schemes in one header",
      ['Basic realm="x, y", Bearer realm="https://auth.test/token",service="r.test"'],
      bearer,
    ],
    [
      "Bearer before Basic",
      ['Bearer realm="https://auth.test/token",service="r.test",Basic realm="x"'],
      bearer,
    ],
    [
      "several headers",
      ['Basic realm="x"', 'Bearer realm="https://auth.test/token",service="r.test"'],
      bearer,
    ],
    [
      "a scheme nobody knows",
      ['Negotiate dGVzdA==, Bearer realm="https://auth.test/token",service="r.test"'],
      bearer,
    ],
    ["upper case", ["BASIC"], { scheme: "basic" }],
    ["Basic with parameters", ['Basic realm="r", charset="UTF-8"'], { scheme: "basic" }],
    ["a realm that is no URL", ['Bearer realm="Some Realm",service="r.test"'], { scheme: "basic" }],
    ["a realm of another protocol", ['Bearer realm="file:///x"'], { scheme: "basic" }],
    ["no realm", ["Bearer"], { scheme: "basic" }],
    ["nothing known", ["Negotiate abc"], undefined],
    ["an open quote", ['Bearer realm="https://auth.test'], { scheme: "basic" }],
    ["nothing", [], undefined],
    ["an empty header", [""], undefined],
  ])("%s", (_, values, challenge) => {
    expect(chooseChallenge(values)).toEqual(challenge);
  });
});
