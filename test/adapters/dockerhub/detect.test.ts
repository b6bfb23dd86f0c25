import { describe, expect, it } from "vitest";
import { detectDockerhub, recogniseDockerhub } from "../../../adapters/dockerhub/detect.ts";
import { registryHost } from "../../../adapters/dockerhub/address.ts";

describe("detectDockerhub", () => {
  it.each([
    ["docker.io", true],
    ["index.docker.io", true],
    ["registry-1.docker.io", true],
    ["registry.hub.docker.com", true],
    ["Docker.IO", true],
    ["docker.io:443", true],
    ["docker.io.evil.test", false],
    ["evil-docker.io", false],
    ["mirror.docker.io", false],
    ["docker.io:5000", false],
    ["registry-2.docker.io", false],
    ["auth.docker.io", false],
    ["hub.docker.com", false],
    ["registryxhub.docker.com", false],
    ["dhi.io", false],
    ["docker.pkg.github.com", false],
  ])("says of %s: %s", (host, expected) => {
    expect(detectDockerhub(host)).toBe(expected);
  });
});

describe("recogniseDockerhub", () => {
  it.each([
    ['Bearer realm="https://auth.docker.io/token",service="registry.docker.io"', "sure"],
    ['Bearer service="registry.docker.io",realm="https://auth.docker.io/token"', "sure"],
    [
      'Bearer realm="https://auth.docker.io.evil.test/token",service="registry.docker.io"',
      undefined,
    ],
    ['Bearer realm="https://evil.test/token",service="registry.docker.io"', undefined],
    ['Basic realm="registry"', undefined],
  ])("says of %s: %s", (challenge, expected) => {
    const greeting = {
      protocol: "https:",
      status: 401,
      headers: {},
      challenges: [challenge],
    } as const;

    expect(recogniseDockerhub(greeting)).toBe(expected);
  });
});

it.each([
  ["index.docker.io", "registry-1.docker.io"],
  ["registry.hub.docker.com", "registry-1.docker.io"],
  ["mirror.acme.test:5000", "mirror.acme.test:5000"],
])("the registry of %s is %s", (host, expected) => {
  expect(registryHost(host)).toBe(expected);
});
