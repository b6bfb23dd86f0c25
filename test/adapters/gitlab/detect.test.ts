import { describe, expect, it } from "vitest";
import { detectGitlab, probeGitlab, recogniseGitlab } from "../../../adapters/gitlab/detect.ts";
import type { Greeting } from "../../../src/registry/adapter.ts";

describe("detectGitlab", () => {
  it.each([
    ["registry.gitlab.com", true],
    ["REGISTRY.GITLAB.COM", true],
    ["registry.gitlab.com:443", true],
    ["registry.gitlab.com:5050", false],
    ["registry.gitlab.com.evil.test", false],
    ["xregistry.gitlab.com", false],
    ["registry-gitlab.com", false],
    ["gitlab.com", false],
    ["registry.gitlab.example.org", false],
  ])("says of %s: %s", (host, expected) => {
    expect(detectGitlab(host)).toBe(expected);
  });
});

describe("recogniseGitlab", () => {
  const challenge = (realm: string, service = "container_registry"): Greeting =>
    greeting({}, [`Bearer realm="${realm}",service="${service}",error="invalid_token"`]);

  it.each([
    ["a token service of a GitLab", challenge("https://gitlab.example/jwt/auth"), "sure"],
    ["one below a path", challenge("https://example.org/git/jwt/auth"), "sure"],
    ["the registry's headers", greeting({ "gitlab-container-registry-version": "4.1.0" }), "sure"],
    ["a Gitea's token service", challenge("https://gitea.example/v2/token"), undefined],
    ["another service", challenge("https://gitlab.example/jwt/auth", "registry"), undefined],
    ["a path that only begins so", challenge("https://h.example/jwt/authority"), undefined],
    ["a plain registry", greeting({ server: "nginx" }), undefined],
  ])("says of %s what it is", (_, given, expected) => {
    expect(recogniseGitlab(given)).toBe(expected);
  });
});

describe("probeGitlab", () => {
  const own = 'Bearer realm="https://g.example/jwt/auth",service="container_registry"';

  it.each([
    [200, { "gitlab-container-registry-version": "4.1.0" }, true],
    [401, { "www-authenticate": own }, true],
    [401, { "www-authenticate": 'Basic realm="x"' }, false],
    [200, {}, false],
    [404, { "gitlab-container-registry-version": "4.1.0" }, false],
  ])("takes %i with %o for %s", async (status, headers, expected) => {
    expect(await probeGitlab(async () => ({ status, headers, text: "" }))).toBe(expected);
  });

  it("takes no answer for none", async () => {
    expect(await probeGitlab(async () => undefined)).toBe(false);
  });
});

function greeting(headers: Greeting["headers"], challenges: readonly string[] = []): Greeting {
  return { protocol: "https:", status: 401, headers, challenges };
}
