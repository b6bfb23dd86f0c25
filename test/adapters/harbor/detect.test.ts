import { expect, it } from "vitest";
import { detectHarbor, probeHarbor, recogniseHarbor } from "../../../adapters/harbor/detect.ts";

it.each([
  ["demo.goharbor.io", true],
  ["demo.goharbor.io:443", true],
  ["demo.goharbor.io.evil.test", false],
  ["xdemo.goharbor.io", false],
  ["demo-goharbor.io", false],
  ["goharbor.io", false],
  ["harbor.example.com", false],
  ["demo.goharbor.io:8443", false],
])("of the host %s alone it says %s", (host, expected) => {
  expect(detectHarbor(host)).toBe(expected);
});

it.each([
  ['Bearer realm="https://h.test/service/token",service="harbor-registry"', "sure"],
  ['bearer service="harbor-registry",realm="https://h.test/service/token"', "sure"],
  ['Bearer realm="https://h.test/service/token",service="harbor-registry-like"', undefined],
  ['Bearer realm="https://h.test/token",service="registry",x-service="harbor-registry"', undefined],
  ['Basic realm="harbor"', undefined],
])("of the challenge %s it says %s", (challenge, expected) => {
  const greeting = {
    protocol: "https:",
    status: 401,
    headers: {},
    challenges: [challenge],
  } as const;

  expect(recogniseHarbor(greeting)).toBe(expected);
});

it.each([
  [200, "Pong", true],
  [200, '"Pong"\n', true],
  [200, "<html>Pong</html>", false],
  [401, "Pong", false],
])("of a ping with status %i and text %s it says %s", async (status, text, expected) => {
  expect(await probeHarbor(async () => ({ status, headers: {}, text }))).toBe(expected);
});

it("takes a host that does not answer for none", async () => {
  expect(await probeHarbor(async () => undefined)).toBe(false);
});
