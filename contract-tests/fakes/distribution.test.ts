import { describe, expect, it } from "vitest";
import { createFakeRegistry } from "./distribution.ts";
import { withFaults } from "./faults.ts";
import { dockerRegistry2 } from "./personality.ts";
import { imageOf, seedContent } from "./seed.ts";
import { repositoryIn } from "./state.ts";

describe("listen", () => {
  it("serves what was seeded behind its back", async () => {
    const registry = createFakeRegistry(dockerRegistry2);
    seedContent(repositoryIn(registry.state, "acme/shop"), imageOf(), ["b", "a"]);
    await using server = await registry.listen();

    const response = await fetch(`${server.url}/v2/acme/shop/tags/list?n=1`);

    expect(await response.json()).toEqual({ name: "acme/shop", tags: ["b", "a"] });
    expect(server.requests()).toEqual([
      { method: "GET", path: "/v2/acme/shop/tags/list?n=1", status: 200, authorized: false },
    ]);
  });

  it("breaks the connection in the middle of a body", async () => {
    const registry = createFakeRegistry();
    const { digest } = imageOf();
    seedContent(repositoryIn(registry.state, "acme/shop"), imageOf());
    await using server = await withFaults(registry, { fault: { kind: "cut-body" } }).listen();

    const response = await fetch(`${server.url}/v2/acme/shop/manifests/${digest}`);

    await expect(response.text()).rejects.toThrow("terminated");
  });
});
