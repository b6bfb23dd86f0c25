import { describe, expect, it } from "vitest";
import { detectNexus, probeNexus, recogniseNexus } from "../../../adapters/nexus/detect.ts";
import type { Greeting, Page } from "../../../src/registry/adapter.ts";

it.each(["nexus.example.com", "nexus3.example.com:8082", "repo.example.com"])(
  "does not take the host %s for a proof",
  (host) => {
    expect(detectNexus(host)).toBe(false);
  },
);

describe("the first answer", () => {
  const url = "http://nexus.test:8083/v2/token";

  it.each<[string, Partial<Greeting>, "sure" | undefined]>([
    ["its server", { headers: { server: "Nexus/3.96.3-01 (COMMUNITY)" } }, "sure"],
    [
      "its Basic realm",
      { challenges: ['BASIC realm="Sonatype Nexus Repository Manager"'] },
      "sure",
    ],
    [
      "its token realm",
      { challenges: [`Bearer realm="${url}",service="${url}",scope="repository:*:pull"`] },
      "sure",
    ],
    [
      "another /v2/token",
      { challenges: [`Bearer realm="${url}",service="container_registry",scope="*"`] },
      undefined,
    ],
    ["version 2", { headers: { server: "Nexus/2.15.1-02" } }, undefined],
    ["another server", { headers: { server: "nginx" } }, undefined],
    ["nothing", {}, undefined],
  ])("%s", (_, part, expected) => {
    const greeting: Greeting = {
      protocol: "https:",
      status: 401,
      headers: {},
      challenges: [],
      ...part,
    };

    expect(recogniseNexus(greeting)).toBe(expected);
  });
});

describe("its pages", () => {
  const page = (text: string, headers: Page["headers"] = {}): Page => ({
    status: 200,
    headers,
    text,
  });

  it.each<[string, (path: string) => Page | undefined, boolean]>([
    ["status and server", () => page("{}", { server: "Nexus/3.71.0-06 (OSS)" }), true],
    [
      "status and description",
      (path) =>
        page(
          path.endsWith("swagger.json")
            ? '{"info":{"title":"Nexus Repository Manager REST API"}}'
            : "",
        ),
      true,
    ],
    ["a host that answers anything", () => page("<html>welcome</html>"), false],
    ["no answer", () => undefined, false],
  ])("%s", async (_, ask, expected) => {
    expect(await probeNexus(async (path) => ask(path))).toBe(expected);
  });
});
