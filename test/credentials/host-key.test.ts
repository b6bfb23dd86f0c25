import { describe, expect, it } from "vitest";
import { candidateKeys, helperServer, normalizeKey } from "../../src/credentials/host-key.ts";

describe("normalizeKey", () => {
  it.each([
    ["r.test", "r.test"],
    ["R.Test:5000", "r.test:5000"],
    ["https://r.test", "r.test"],
    ["http://r.test/", "r.test"],
    ["https://r.test/v2/", "r.test"],
    ["https://r.test/some/path", "r.test"],
    ["r.test/v1/", "r.test"],
    ["r.test/acme/api", "r.test/acme/api"],
    ["r.test/acme/", "r.test/acme"],
    ["https://index.docker.io/v1/", "index.docker.io"],
    ["docker.io", "index.docker.io"],
    ["registry-1.docker.io", "index.docker.io"],
    ["docker.io/library", "index.docker.io/library"],
  ])("%s → %s", (key, normal) => {
    expect(normalizeKey(key)).toBe(normal);
  });
});

describe("candidateKeys", () => {
  it("goes from the repository up to the host", () => {
    expect(candidateKeys("R.test", "acme/shop/api")).toEqual([
      "r.test/acme/shop/api",
      "r.test/acme/shop",
      "r.test/acme",
      "r.test",
    ]);
  });

  it("has only the host when there is no repository", () => {
    expect(candidateKeys("r.test", "")).toEqual(["r.test"]);
  });
});

describe("helperServer", () => {
  it.each([
    ["r.test:5000", "r.test:5000"],
    ["index.docker.io", "https://index.docker.io/v1/"],
  ])("%s → %s", (host, server) => {
    expect(helperServer(host)).toBe(server);
  });
});
