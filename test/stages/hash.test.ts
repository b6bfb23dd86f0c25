import { describe, expect, it } from "vitest";

import { murmurHash, sha256Hash, sha3Hash } from "../../src/stages/hash.ts";

describe("hashes of the storage format", () => {
  it("joins arguments with three colons", () => {
    expect(sha3Hash("a", "b")).toBe("79dd04f1b62d7ca1423b75bc1f7b37a2a8f2b79d7e2f56f549ecd632");
    expect(sha256Hash("a", "b")).toBe(
      "d730e193a29ffa63510df122175a2ec7650070da876fa0004c08f1e496959f79",
    );
  });

  it.each([
    ["", "0"],
    ["A", "54dcf7ce"],
    ["-data", "a871d86e"],
    ["da/ta", "afa96f8"],
    ["backend", "27dba8ed"],
    ["frontend", "fb496116"],
    ["php_fpm_exporter-monitoring-dev-encrypt-1", "83286e5"],
  ])("hashes %j to %s, without leading zeros", (name, hash) => {
    expect(murmurHash(name)).toBe(hash);
  });

  it("makes an index's digest from its children in order", () => {
    const children = [`${"a".repeat(56)}-1700000000001`, `${"b".repeat(56)}-1700000000002`];

    expect(sha3Hash(...children)).toBe("b48763a31897609cbe12fd1166c755ccaabf4a5edceced750d8eb9b6");
  });
});
