import { expect, it } from "vitest";

import { SynchronizationError, parseSynchronization } from "../../src/locks/synchronization.ts";

const DATA = Buffer.from("apiVersion: v1\n").toString("base64");

it.each([
  [undefined, { kind: "local" }],
  ["", { kind: "local" }],
  [":local", { kind: "local" }],
  ["none", { kind: "none" }],
  ["http://locks.example:55581", { kind: "http", address: "http://locks.example:55581" }],
  ["https://locks.example/", { kind: "http", address: "https://locks.example" }],
  ["HTTPS://Locks.example/team/a/", { kind: "http", address: "https://locks.example/team/a" }],
  ["kubernetes://ns", { kind: "kubernetes", namespace: "ns" }],
  ["kubernetes://ns:", { kind: "kubernetes", namespace: "ns" }],
  ["kubernetes://ns:ctx", { kind: "kubernetes", namespace: "ns", context: "ctx" }],
  [
    "kubernetes://ns:arn:aws:eks:eu:1:cluster/x",
    { kind: "kubernetes", namespace: "ns", context: "arn:aws:eks:eu:1:cluster/x" },
  ],
  [
    "kubernetes://ns:ctx@/p/config",
    { kind: "kubernetes", namespace: "ns", context: "ctx", config: { path: "/p/config" } },
  ],
  [
    "kubernetes://ns@relative@config",
    { kind: "kubernetes", namespace: "ns", config: { path: "relative@config" } },
  ],
  [
    `kubernetes://ns@base64:${DATA}`,
    { kind: "kubernetes", namespace: "ns", config: { base64: DATA } },
  ],
])("%s is understood", (text, expected) => {
  expect(parseSynchronization(text, { hasRepo: true })).toEqual(expected);
});

it.each([
  "local",
  ":remote",
  "locks.example:55581",
  "ftp://locks.example",
  "kubernetes:ns",
  "kubernetes://",
  "kubernetes://:ctx",
  "kubernetes://Not_A_Namespace",
  "kubernetes://ns@",
  "kubernetes://ns@base64:",
  "kubernetes://ns@base64:§",
  "http://",
  "http://locks.example/?project=shop",
])("%s is refused with the forms that there are", (text) => {
  const parse = (): unknown => parseSynchronization(text, { hasRepo: true });

  expect(parse).toThrow(SynchronizationError);
  expect(parse).toThrow(
    "write one of :local, http://ADDRESS, https://ADDRESS, kubernetes://NAMESPACE[:CONTEXT][@(base64:DATA|PATH)], none",
  );
});

it("credentials in an address are taken out of it", () => {
  const text = "https://me:s3cr%40et@locks.example/a";

  expect(parseSynchronization(text, { hasRepo: true })).toEqual({
    kind: "http",
    address: "https://locks.example/a",
    credentials: { user: "me", password: "s3cr@et" },
  });
});

it("credentials that cannot be read are told to nobody", () => {
  const parse = (): unknown =>
    parseSynchronization("https://me:s3cret%@locks.example", { hasRepo: true });

  expect(parse).toThrow("is written %25");
  expect(parse).not.toThrow("s3cret");
});

it.each(["http://locks.example", "kubernetes://ns"])(
  "%s without a repository is refused",
  (text) => {
    expect(() => parseSynchronization(text, { hasRepo: false })).toThrow("--repo");
  },
);

it.each([undefined, ":local", "none"])("%s needs no repository", (text) => {
  expect(parseSynchronization(text, { hasRepo: false }).kind).toMatch(/^(?:local|none)$/);
});
