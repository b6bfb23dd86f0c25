import { describe, expect, it } from "vitest";
import { DOCKER_INDEX, OCI_INDEX } from "../../src/oci/media-type.ts";
import { createFakeRegistry } from "./distribution.ts";
import { withFaults } from "./faults.ts";
import { dockerRegistry2, ociConformant, zotLike } from "./personality.ts";
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

it.each([
  ["any registry", ociConformant, DOCKER_INDEX, 201],
  ["any registry", ociConformant, OCI_INDEX, 201],
  ["one that takes OCI manifests only", zotLike, DOCKER_INDEX, 415],
  ["one that takes OCI manifests only", zotLike, OCI_INDEX, 201],
])(
  "%s answers the PUT of a manifest list of type $2 with $3",
  async (_, personality, mediaType, status) => {
    const registry = createFakeRegistry(personality);
    const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] });

    const response = await registry.handle({
      method: "PUT",
      path: "/v2/acme/shop/manifests/1",
      query: new URLSearchParams(),
      headers: { "content-type": mediaType },
      body: Buffer.from(index),
    });

    expect(response.status).toBe(status);
    expect(Buffer.from(response.body).includes("MANIFEST_INVALID")).toBe(status === 415);
  },
);
