import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/error.ts";
import { loadPolicyTest } from "../../src/config/policy-test.ts";

describe("loadPolicyTest", () => {
  it("reads times as instants and as how long ago they were", async () => {
    const { now, tags } = await load(`
schema: 1
now: 2026-01-31T10:00:00+02:00
tags:
  a: { pushed: 72h, created: 2026-01-01 }
  b: {}
expect: [{ kept: a }]
`);

    expect(now).toBe(Date.UTC(2026, 0, 31, 8));
    expect([...tags].map(([tag, { pushed, created }]) => [tag, pushed, created])).toEqual([
      ["a", { agoMs: 259_200_000 }, { at: Date.UTC(2026, 0, 1) }],
      ["b", undefined, undefined],
    ]);
  });

  it("takes in a listing, over which the file wins", async () => {
    const listing = {
      kind: "tidemark-listing",
      schema: 1,
      repository: "reg.test/acme/shop",
      savedAt: "2026-01-02T00:00:00Z",
      tags: { a: { digest: "one" }, b: { digest: "two" } },
      manifests: { two: { created: "2026-01-01T00:00:00Z" } },
    };
    const text =
      "schema: 1\nlisting: listing.json\ntags: { a: { digest: three } }\nexpect: [{ kept: a }]";

    const found = await load(text, { "listing.json": JSON.stringify(listing) });

    expect(found).toMatchObject({ now: Date.UTC(2026, 0, 2), repository: "reg.test/acme/shop" });
    expect([...found.tags].map(([tag, { digest }]) => [tag, digest])).toEqual([
      ["a", "three"],
      ["b", "two"],
    ]);
    expect([...found.manifests.keys()]).toEqual(["two"]);
  });

  it.each([
    ["broken YAML", "tags: [", "file:1:8: "],
    [
      "no expectation",
      "schema: 1",
      "file:1:1: expect: is no list (begin each expectation with a dash)",
    ],
    [
      "an empty list of them",
      "schema: 1\nexpect: []",
      "file:2:9: expect: is empty: it expects nothing",
    ],
    [
      "an unknown key",
      "schema: 1\nexpekt: []\nexpect: [{ kept: a }]",
      "file:2:1: expekt: unknown key",
    ],
    [
      "both verdicts",
      "schema: 1\nexpect: [{ kept: a, goes: a }]",
      "file:2:10: expect.0: names neither or both of kept and goes (write exactly one)",
    ],
    [
      "by for what goes",
      "schema: 1\nexpect: [{ goes: a, by: b }]",
      "file:2:10: expect.0: has by, which tells what keeps a tag, without kept (write because for a tag that goes)",
    ],
    [
      "a time with a unit for days",
      "schema: 1\ntags: { a: { pushed: 3d } }\nexpect: [{ kept: a }]",
      "file:2:22: tags.a.pushed: is no time (write 2026-01-31T10:00:00Z, or how long ago as a duration: 72h)",
    ],
    [
      "a commit that YAML takes for a number",
      "schema: 1\ntags: { a: { commit: 1234567 } }\nexpect: [{ kept: a }]",
      "file:2:22: tags.a.commit: is no commit (put it in quotes)",
    ],
    [
      "another format",
      "schema: 2\nexpect: [{ kept: a }]",
      "file:1:9: schema: has to be 1 (write schema: 1)",
    ],
    [
      "a bad pattern",
      "schema: 1\nexpect: [{ kept: /(/ }]",
      "file:2:18: expect.0.kept: bad regular expression /(/: it has a ( that is never closed",
    ],
    [
      "a listing that is not there",
      "schema: 1\nlisting: x.json\nexpect: [{ kept: a }]",
      "x.json: there is no such file",
    ],
    [
      "a listing that is none",
      "schema: 1\nlisting: file\nexpect: [{ kept: a }]",
      "file:1:1: kind: has to be tidemark-listing",
    ],
  ])("refuses %s", async (_, text, message) => {
    await expect(load(text)).rejects.toThrow(message);
    await expect(load(text)).rejects.toBeInstanceOf(ConfigError);
  });
});

async function load(text: string, files: Readonly<Record<string, string>> = {}) {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-policy-"));
  for (const [name, content] of Object.entries({ ...files, file: text })) {
    await writeFile(join(dir, name), content);
  }
  return loadPolicyTest(join(dir, "file"));
}
