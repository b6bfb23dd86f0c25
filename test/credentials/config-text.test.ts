import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { withEntry, withoutEntry } from "../../src/credentials/config-text.ts";
import { CredentialsError } from "../../src/credentials/error.ts";

const ENTRY = { auth: "Ym90OnB3" };

describe("an entry is written as docker 28 writes it", () => {
  it("into a file that is not there", () => {
    expect(put(undefined, "r.test:5000")).toBe(
      lines(
        "{",
        '\t"auths": {',
        '\t\t"r.test:5000": {',
        '\t\t\t"auth": "Ym90OnB3"',
        "\t\t}",
        "\t}",
        "}",
      ),
    );
  });

  it("with an identity token beside it", () => {
    const entry = { auth: "Ym90Og==", identitytoken: "identity-of-bot" };

    expect(withEntry({ text: "{}", source: "f" }, "r.test", entry)).toBe(
      lines(
        "{",
        '\t"auths": {',
        '\t\t"r.test": {',
        '\t\t\t"auth": "Ym90Og==",',
        '\t\t\t"identitytoken": "identity-of-bot"',
        "\t\t}",
        "\t}",
        "}",
      ),
    );
  });

  it("empty, where a helper has the credentials", () => {
    const text = '{"auths":{"zz.test":{}},"credsStore":"rec"}';

    expect(withEntry({ text, source: "f" }, "r.test", {})).toBe(
      lines(
        "{",
        '\t"auths": {',
        '\t\t"r.test": {},',
        '\t\t"zz.test": {}',
        "\t},",
        '\t"credsStore": "rec"',
        "}",
      ),
    );
  });

  it("under the address that docker knows the default host by", () => {
    expect(Object.keys(authsOf(put("{}", "index.docker.io")))).toEqual([
      "https://index.docker.io/v1/",
    ]);
  });

  it("in the order of their keys", () => {
    const text = JSON.stringify({ auths: { "a.test": {}, "z.test": {} } });

    expect(Object.keys(authsOf(put(text, "r.test")))).toEqual(["a.test", "r.test", "z.test"]);
  });
});

describe("the rest of the file stays", () => {
  it("every key in its order, unknown ones too", () => {
    const text = '{"zeta": {"b": [1, {"c": null}]}, "auths": {}, "alpha": true, "": "<&>"}';

    const written = put(text, "r.test");

    expect(JSON.stringify(JSON.parse(written))).toBe(
      '{"zeta":{"b":[1,{"c":null}]},"auths":{"r.test":{"auth":"Ym90OnB3"}},"alpha":true,"":"<&>"}',
    );
  });

  it("a number that JavaScript has no room for", () => {
    expect(put('{"a": 12345678901234567890, "b": 1.0}', "r.test")).toContain(
      '"a": 12345678901234567890,\n\t"b": 1.0',
    );
  });

  it("the end of its last line", () => {
    expect(put("{}\n", "r.test").endsWith("}\n")).toBe(true);
    expect(put("{}", "r.test").endsWith("}")).toBe(true);
  });

  it("fields of other hosts' entries", () => {
    const text = JSON.stringify({ auths: { "o.test": { auth: "x", email: "me", more: 1 } } });

    expect(authsOf(put(text, "r.test"))).toMatchObject({
      "o.test": { auth: "x", email: "me", more: 1 },
    });
  });

  it("whatever it is, and the entry can be taken out again", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (config) => {
        const text = JSON.stringify({ ...config, auths: {} });

        const without = withoutEntry({ text: put(text, "r.test"), source: "f" }, "r.test");

        expect(JSON.parse(without ?? "")).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe("other spellings of the same host", () => {
  const text = JSON.stringify({
    auths: {
      "https://r.test/v2/": { auth: "old" },
      "R.test": { auth: "old" },
      "r.test/acme": { auth: "of-a-namespace" },
      "r.test:5000": { auth: "of-another-port" },
    },
  });

  it("give way to a new entry, but not what a namespace has of its own", () => {
    expect(authsOf(put(text, "r.test"))).toEqual({
      "r.test": ENTRY,
      "r.test/acme": { auth: "of-a-namespace" },
      "r.test:5000": { auth: "of-another-port" },
    });
  });

  it("are removed together", () => {
    const without = withoutEntry({ text, source: "f" }, "r.test");

    expect(authsOf(without ?? "")).toEqual({
      "r.test/acme": { auth: "of-a-namespace" },
      "r.test:5000": { auth: "of-another-port" },
    });
  });

  it("where there is none, nothing is to be written", () => {
    expect(withoutEntry({ text, source: "f" }, "q.test")).toBeUndefined();
    expect(withoutEntry({ text: undefined, source: "f" }, "q.test")).toBeUndefined();
  });
});

it.each([["{"], ["[]"], ['"text"'], ['{"auths": []}'], ['{"auths": "hunter2"}']])(
  "a file with %s is refused, and no word of it is shown",
  (text) => {
    const attempt = (): string => put(text, "r.test");

    expect(attempt).toThrow(CredentialsError);
    expect(attempt).not.toThrow(/hunter2/);
  },
);

function put(text: string | undefined, host: string): string {
  return withEntry({ text, source: "config.json" }, host, ENTRY);
}

function authsOf(text: string): Record<string, unknown> {
  return JSON.parse(text).auths;
}

function lines(...all: readonly string[]): string {
  return all.join("\n");
}
