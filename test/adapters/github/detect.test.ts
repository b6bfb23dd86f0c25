import { describe, expect, it } from "vitest";
import { addressOf, graphqlUrl } from "../../../adapters/github/address.ts";
import { detectGithub, probeGithub, recogniseGithub } from "../../../adapters/github/detect.ts";
import type { Greeting, Page } from "../../../src/registry/adapter.ts";

describe("a host", () => {
  it.each([
    ["ghcr.io", true],
    ["ghcr.io:443", true],
    ["docker.pkg.github.com", true],
    ["containers.acme.ghe.com", true],
    ["containers.acme-corp.ghe.com", true],
    ["ghcr.io.evil.test", false],
    ["xghcr.io", false],
    ["ghcr-io", false],
    ["maven.pkg.github.com", false],
    ["docker.pkg.github.com.evil.test", false],
    ["containers.ghe.com", false],
    ["containers.a.b.ghe.com", false],
    ["containers.acme.ghe.com.evil.test", false],
    ["containers.example.org", false],
    ["docker.example.org", false],
    ["github.com", false],
  ])("%s: %s", (host, is) => {
    expect(detectGithub(host)).toBe(is);
  });
});

describe("a first answer", () => {
  const ours = 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"';

  it.each<[string, string, Partial<Greeting>, "sure" | "maybe" | undefined]>([
    ["a proxy of ghcr.io", "images.example.org", { challenges: [ours] }, "sure"],
    [
      "a server's registry with GitHub's header",
      "containers.git.example.org",
      { headers: { "x-github-request-id": "1:2" } },
      "sure",
    ],
    [
      "a server's registry by its token service",
      "containers.git.example.org",
      { challenges: ['Bearer realm="https://containers.git.example.org/token",service="x"'] },
      "maybe",
    ],
    [
      "any registry with such a token service",
      "registry.example.org",
      { challenges: ['Bearer realm="https://registry.example.org/token",service="x"'] },
      undefined,
    ],
    [
      "a token service that only looks alike",
      "images.example.org",
      { challenges: ['Bearer realm="https://ghcr.io.evil.test/token",service="ghcr.io"'] },
      undefined,
    ],
    ["nothing at all", "containers.example.org", {}, undefined],
  ])("of %s", (_, host, greeting, expected) => {
    const whole = { protocol: "https:", status: 401, headers: {}, challenges: [] } as const;

    expect(recogniseGithub({ ...whole, ...greeting }, host)).toBe(expected);
  });

  it.each<[string, Page | undefined, boolean]>([
    ["its version", { status: 200, headers: {}, text: '{"installed_version":"3.16.0"}' }, true],
    [
      "its header",
      { status: 200, headers: { "x-github-enterprise-version": "x" }, text: "" },
      true,
    ],
    ["another page", { status: 200, headers: {}, text: "<html>" }, false],
    ["404", { status: 404, headers: {}, text: '{"installed_version":1}' }, false],
    ["no answer", undefined, false],
  ])("is told by %s of the server's own page", async (_, page, expected) => {
    expect(await probeGithub(async () => page)).toBe(expected);
  });
});

describe("the API of a host", () => {
  it.each([
    ["ghcr.io", "https://api.github.com", "containers", "https://api.github.com/graphql"],
    ["docker.pkg.github.com", "https://api.github.com", "docker", "https://api.github.com/graphql"],
    [
      "containers.acme.ghe.com",
      "https://api.acme.ghe.com",
      "containers",
      "https://api.acme.ghe.com/graphql",
    ],
    [
      "containers.git.example.org",
      "https://git.example.org/api/v3",
      "containers",
      "https://git.example.org/api/graphql",
    ],
    [
      "docker.git.example.org",
      "https://git.example.org/api/v3",
      "old-docker",
      "https://git.example.org/api/graphql",
    ],
  ])("%s is %s", (host, api, serves, graphql) => {
    expect(addressOf({ host, options: {} })).toEqual({ api, serves });
    expect(graphqlUrl(api)).toBe(graphql);
  });

  it.each(["http://git.example.org/api/v3", "git.example.org", "https://a:b@h/api/v3", "ftp://h/"])(
    "is not %s",
    (url) => {
      const address = (): unknown =>
        addressOf({ host: "ghcr.io", options: { "github-api-url": url } });

      expect(address).toThrow(/github-api-url/);
    },
  );

  it("has to be given for a host that does not name it", () => {
    const address = (): unknown => addressOf({ host: "images.example.org", options: {} });

    expect(address).toThrow(/cannot tell the address of its API/);
  });
});
