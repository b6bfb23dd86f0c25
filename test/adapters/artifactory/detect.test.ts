import { describe, expect, it } from "vitest";
import {
  detectArtifactory,
  probeArtifactory,
  recogniseArtifactory,
} from "../../../adapters/artifactory/detect.ts";
import type { Greeting, Page } from "../../../src/registry/adapter.ts";

describe("the host", () => {
  it.each([
    ["acme.jfrog.io", true],
    ["acme-docker-local.jfrog.io", true],
    ["acme.jfrog.io:443", true],
    ["jfrog.io", false],
    ["acme.jfrog.io.evil.test", false],
    ["acme.jfrog.ioo", false],
    ["a.b.jfrog.io", false],
    ["-acme.jfrog.io", false],
    ["acmejfrog.io", false],
    ["artifactory.example.com", false],
  ])("%s: %s", (host, expected) => {
    expect(detectArtifactory(host)).toBe(expected);
  });
});

describe("the first answer", () => {
  it.each<[string, Partial<Greeting>, "sure" | undefined]>([
    ["its version", { headers: { "x-jfrog-version": "Artifactory/7.111.4 81104900" } }, "sure"],
    ["its id", { headers: { "x-artifactory-id": "4f1c:1a2b" } }, "sure"],
    [
      "its realm",
      {
        challenges: [
          'Bearer realm="https://a.test/artifactory/api/docker/null/v2/token",service="a.test"',
        ],
      },
      "sure",
    ],
    ["its Basic realm", { challenges: ['Basic realm="Artifactory Realm"'] }, "sure"],
    ["another product's version", { headers: { "x-jfrog-version": "Xray/3.1" } }, undefined],
    [
      "another realm",
      { challenges: ['Bearer realm="https://a.test/token",service="a.test"'] },
      undefined,
    ],
    ["nothing", {}, undefined],
  ])("%s", (_, part, expected) => {
    const greeting: Greeting = {
      protocol: "https:",
      status: 401,
      headers: {},
      challenges: [],
      ...part,
    };

    expect(recogniseArtifactory(greeting)).toBe(expected);
  });
});

describe("the ping", () => {
  const page = (status: number, text: string): Page => ({ status, headers: {}, text });

  it("proves it by OK", async () => {
    const proved = await probeArtifactory(async (path) =>
      path.endsWith("/ping") ? page(200, "OK\n") : page(404, ""),
    );

    expect(proved).toBe(true);
  });

  it.each<[string, (path: string) => Page | undefined]>([
    ["a host that answers anything with OK", () => page(200, "OK")],
    ["another text", () => page(200, "<html>")],
    ["a refusal", () => page(401, "OK")],
    ["no answer", () => undefined],
  ])("does not prove it by %s", async (_, ask) => {
    expect(await probeArtifactory(async (path) => ask(path))).toBe(false);
  });
});
