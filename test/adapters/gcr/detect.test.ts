import { describe, expect, it } from "vitest";
import { detectGcr, recogniseGcr } from "../../../adapters/gcr/detect.ts";

describe("detectGcr", () => {
  it.each([
    ["us-docker.pkg.dev", true],
    ["europe-west1-docker.pkg.dev", true],
    ["northamerica-northeast1-docker.pkg.dev:443", true],
    ["docker.us-east1.rep.pkg.dev", true],
    ["gcr.io", true],
    ["us.gcr.io", true],
    ["EU.GCR.IO", true],
    ["asia.gcr.io", true],
    ["mirror.gcr.io", false],
    ["africa.gcr.io", false],
    ["xgcr.io", false],
    ["gcr.io.evil.test", false],
    ["us-docker.pkg.dev.evil.test", false],
    ["us-docker-pkg.dev", false],
    ["-docker.pkg.dev", false],
    ["us-generic.pkg.dev", false],
    ["docker.pkg.dev", false],
    ["evil.test-docker.pkg.dev", false],
    ["gcr.io:5000", false],
  ])("says of %s: %s", (host, expected) => {
    expect(detectGcr(host)).toBe(expected);
  });
});

describe("recogniseGcr", () => {
  it.each([
    ["Docker Registry", 'Bearer realm="https://h.test/v2/token",service="h.test"', "sure"],
    ["Docker Registry", 'Bearer realm="https://h.test/token",service="h.test"', undefined],
    ["nginx", 'Bearer realm="https://h.test/v2/token",service="h.test"', undefined],
  ])("says of %s with %s what it is", (server, challenge, expected) => {
    const greeting = {
      protocol: "https:",
      status: 401,
      headers: { server },
      challenges: [challenge],
    } as const;

    expect(recogniseGcr(greeting)).toBe(expected);
  });
});
