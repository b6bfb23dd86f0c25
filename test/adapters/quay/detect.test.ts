import { expect, it } from "vitest";
import { detectQuay, probeQuay, recogniseQuay } from "../../../adapters/quay/detect.ts";

it.each([
  ["quay.io", true],
  ["quay.io:443", true],
  ["quay.io:8443", false],
  ["quay.io.evil.test", false],
  ["xquay.io", false],
  ["quay-io", false],
  ["cdn.quay.io", false],
  ["quay.example.com", false],
])("of the host %s alone it says %s", (host, expected) => {
  expect(detectQuay(host)).toBe(expected);
});

it.each([
  ['Bearer realm="https://q.test/v2/auth",service="q.test"', "q.test", "maybe"],
  ['Bearer realm="https://q.test:8443/v2/auth",service="q.test:8443"', "q.test:8443", "maybe"],
  [
    'Bearer realm="https://q.test/v2/auth",service="q.test",scope="repository:a/b:pull"',
    "q.test",
    "maybe",
  ],
  ['Bearer realm="https://other.test/v2/auth",service="q.test"', "q.test", undefined],
  ['Bearer realm="https://q.test/v2/token",service="q.test"', "q.test", undefined],
  ['Bearer realm="/v2/auth",service="q.test"', "q.test", undefined],
  ['Basic realm="https://q.test/v2/auth"', "q.test", undefined],
])("of the challenge %s of %s it says %s", (challenge, host, expected) => {
  const greeting = {
    protocol: "https:",
    status: 401,
    headers: {},
    challenges: [challenge],
  } as const;

  expect(recogniseQuay(greeting, host)).toBe(expected);
});

it.each([
  [200, '{"appName":"io.quay"}', true],
  [200, '{"appName":"io.quay.enterprise","capabilities":{}}', true],
  [200, '{"appName":"io.quayside"}', false],
  [200, "<html>io.quay</html>", false],
  [404, '{"appName":"io.quay"}', false],
])("of the page with status %i and text %s it says %s", async (status, text, expected) => {
  expect(await probeQuay(async () => ({ status, headers: {}, text }))).toBe(expected);
});
