import { describe, expect, it } from "vitest";
import { refuseSameRepository } from "../../src/commands/roles.ts";
import { parseRepository } from "../../src/oci/reference.ts";

describe("roles of repositories", () => {
  it.each([
    ["reg.test/shop", "reg.test/shop"],
    ["reg.test/shop", "reg.test:443/shop"],
    ["REG.test/shop", "reg.test/shop"],
    ["nginx", "docker.io/library/nginx"],
    ["index.docker.io/acme/web", "docker.io/acme/web"],
  ])("may not be %s and %s at once", (one, other) => {
    expect(() => refuse(one, other)).toThrow(/^--repo and --cache-repo both name /);
  });

  it.each([
    ["reg.test/shop", "reg.test/shop/cache"],
    ["reg.test/shop", "reg.test:5000/shop"],
  ])("may be %s and %s", (one, other) => {
    expect(() => refuse(one, other)).not.toThrow();
  });
});

function refuse(one: string, other: string): void {
  refuseSameRepository([
    ["--repo", parseRepository(one)],
    ["--cache-repo", parseRepository(other)],
  ]);
}
