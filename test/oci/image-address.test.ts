import { describe, expect, it } from "vitest";

import { isSameRepository, parseImageAddress } from "../../src/oci/image-address.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const HUB = "index.docker.io";

describe("parseImageAddress", () => {
  it.each([
    ["shop", { host: HUB, name: "library/shop" }, "latest"],
    ["docker.io/shop:1", { host: HUB, name: "library/shop" }, "1"],
    ["registry-1.docker.io/acme/shop:1", { host: HUB, name: "acme/shop" }, "1"],
    ["reg.example/acme/shop:v1.2_3", { host: "reg.example", name: "acme/shop" }, "v1.2_3"],
    ["reg.example:5000/shop", { host: "reg.example:5000", name: "shop" }, "latest"],
    ["localhost:5000/shop:1", { host: "localhost:5000", name: "shop" }, "1"],
    ["Reg.Example/Acme/Shop:Tag", { host: "reg.example", name: "acme/shop" }, "Tag"],
    [" docker://reg.example/shop:1\n", { host: "reg.example", name: "shop" }, "1"],
  ])("finds repository and tag in %j", (text, repository, tag) => {
    expect(parseImageAddress(text)).toEqual({ repository, tag });
  });

  it.each([
    [`reg.example/shop@${DIGEST}`, { repository: { host: "reg.example", name: "shop" } }],
    [`docker-pullable://shop@${DIGEST}`, { repository: { host: HUB, name: "library/shop" } }],
    [
      `reg.example/shop:1@${DIGEST}`,
      { repository: { host: "reg.example", name: "shop" }, tag: "1" },
    ],
    [DIGEST, {}],
    [`docker://${DIGEST}`, {}],
    ["a".repeat(64), {}],
  ])("finds the digest in %j", (text, rest) => {
    expect(parseImageAddress(text)).toEqual({ ...rest, digest: DIGEST });
  });

  it.each([
    "",
    ":",
    "reg.example/",
    "reg.example/shop:",
    "reg.example/shop:a b",
    "reg.example/shop@sha256:abc",
    `reg.example/shop@${DIGEST}@${DIGEST}x`.slice(0, 60),
    "a/../b",
  ])("finds nothing in %j", (text) => {
    expect(parseImageAddress(text)).toBeUndefined();
  });
});

describe("isSameRepository", () => {
  it("holds whatever port a scheme implies", () => {
    const at = (host: string) => ({ host, name: "shop" });

    expect(isSameRepository(at("reg.example:443"), at("reg.example"))).toBe(true);
    expect(isSameRepository(at("reg.example"), at("reg.example:80"))).toBe(true);
    expect(isSameRepository(at("reg.example:5000"), at("reg.example"))).toBe(false);
    expect(isSameRepository(at("reg.example"), { host: "reg.example", name: "other" })).toBe(false);
  });
});
