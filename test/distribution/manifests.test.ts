import { describe, expect, it } from "vitest";
import { dockerRegistry2, zotLike } from "../../contract-tests/fakes/personality.ts";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { OCI_MANIFEST } from "../../src/oci/media-type.ts";
import { openHarness } from "./harness.ts";
import type { Harness, HarnessOptions } from "./harness.ts";

const image = imageOf();
const index = indexOf([image, imageOf({ labels: { other: "yes" } })]);

describe("resolve", () => {
  it("answers a descriptor with one HEAD", async () => {
    const harness = await seeded();

    const resolved = await harness.registry.resolve({ ...harness.repository, tag: "latest" });

    expect(resolved).toEqual(descriptorOf(image));
    expect(harness.log()).toEqual(["HEAD 200"]);
  });

  it.each([
    ["an index on a strict server", { ...dockerRegistry2 }],
    ["an index on zot", { ...zotLike }],
  ])("finds %s", async (_, fake) => {
    const { registry, repository } = await seeded({ fake });

    expect(await registry.resolve({ ...repository, tag: "multi" })).toEqual(descriptorOf(index));
  });

  it("hashes the manifest itself where the server does not tell, and learns that", async () => {
    const harness = await seeded({ fake: { contentDigestHeader: false } });
    const reference = { ...harness.repository, tag: "latest" };

    const answers = [
      await harness.registry.resolve(reference),
      await harness.registry.resolve(reference),
    ];

    expect(answers).toEqual([descriptorOf(image), descriptorOf(image)]);
    expect(harness.log()).toEqual(["HEAD 200", "GET 200", "GET 200"]);
  });

  it("answers nothing for a tag, a digest and a repository that are not there", async () => {
    const { registry, repository } = await seeded();
    const digest = digestBy("sha256", new Uint8Array());

    expect(await registry.resolve({ ...repository, tag: "none" })).toBeUndefined();
    expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
    expect(await registry.resolve({ ...repository, name: "no/thing", tag: "a" })).toBeUndefined();
  });
});

describe("a 404 that no registry wrote", () => {
  it.each([
    ["a proxy's page", { kind: "html", status: 404 }],
    ["an empty answer", { kind: "status", status: 404 }],
  ] as const)("proves no absence: %s", async (_, fault) => {
    const { registry, repository } = await seeded({ faults: [{ fault }] });
    const reference = { ...repository, tag: "latest" };

    await expect(registry.resolve(reference)).rejects.toMatchObject({ code: "protocol" });
    await expect(registry.getManifest(reference)).rejects.toMatchObject({ code: "protocol" });
  });

  it("is not taken from a HEAD, which has no body to tell", async () => {
    const faults = [{ fault: { kind: "html", status: 404 }, times: 1 }] as const;
    const { registry, repository } = await seeded({ faults });

    expect(await registry.resolve({ ...repository, tag: "latest" })).toEqual(descriptorOf(image));
  });
});

describe("getManifest", () => {
  it("keeps the bytes, by tag and by digest", async () => {
    const { registry, repository } = await seeded();
    const { mediaType, digest, bytes } = image;

    for (const key of [{ tag: "latest" }, { digest }]) {
      const manifest = await registry.getManifest({ ...repository, ...key });
      expect(manifest).toEqual({ mediaType, digest, bytes: Buffer.from(bytes) });
    }
  });

  it("verifies a sha512 digest by sha512", async () => {
    const { registry, repository, fake } = await seeded();
    const digest = digestBy("sha512", image.bytes);
    repositoryIn(fake.state, repository.name).manifests.set(digest, image);

    expect(await registry.getManifest({ ...repository, digest })).toMatchObject({ digest });
  });

  it("rejects with not-found for what is not there", async () => {
    const { registry, repository } = await seeded();

    const getting = registry.getManifest({ ...repository, tag: "none" });

    await expect(getting).rejects.toMatchObject({
      code: "not-found",
      registryCode: "MANIFEST_UNKNOWN",
    });
  });

  it.each([
    ["a byte is another", { kind: "flipped-byte" }, "protocol"],
    ["the body stays broken off", { kind: "cut-body" }, "unavailable"],
    ["a page comes instead", { kind: "html", status: 200 }, "protocol"],
    ["a proxy fails", { kind: "html", status: 502 }, "unavailable"],
    ["the connection is reset", { kind: "reset" }, "unavailable"],
    ["the rate limit stays", { kind: "throttled", retryAfter: "1" }, "rate-limited"],
  ] as const)("rejects when %s", async (_, fault, code) => {
    const { registry, repository } = await seeded({ faults: [{ fault }] });

    const getting = registry.getManifest({ ...repository, tag: "latest" });

    await expect(getting).rejects.toMatchObject({ name: "RegistryError", code });
  });

  it.each([
    ["throttled", { kind: "throttled", retryAfter: "2" }],
    ["throttled by date", { kind: "throttled", retryAfter: "Sun, 01 Mar 2020 12:00:30 GMT" }],
    ["reset", { kind: "reset" }],
    ["failing", { kind: "status", status: 503 }],
    ["cut", { kind: "cut-body" }],
  ] as const)("gets over an answer that is %s twice", async (_, fault) => {
    const { registry, repository } = await seeded({ faults: [{ fault, times: 2 }] });

    const manifest = await registry.getManifest({ ...repository, tag: "latest" });

    expect(manifest.digest).toBe(image.digest);
  });
});

describe("putManifest", () => {
  it("stores bytes under a tag and under a digest", async () => {
    const { registry, repository, fake } = await seeded();
    const other = imageOf({ labels: { a: "b" } });
    const { mediaType, digest, bytes } = other;

    expect(await registry.putManifest({ ...repository, tag: "new" }, other)).toEqual(
      descriptorOf(other),
    );
    expect(await registry.putManifest({ ...repository, digest }, { mediaType, bytes })).toEqual(
      descriptorOf(other),
    );
    expect(repositoryIn(fake.state, repository.name).tags.get("new")).toBe(digest);
  });

  it("sends nothing when the bytes are not those of the digest", async () => {
    const harness = await seeded();
    const reference = { ...harness.repository, digest: image.digest };
    const body = { mediaType: OCI_MANIFEST, bytes: new TextEncoder().encode("{}") };

    const putting = harness.registry.putManifest(reference, body);

    await expect(putting).rejects.toMatchObject({ code: "invalid" });
    expect(harness.log()).toEqual([]);
  });

  it("rejects with conflict or denied where the tag is immutable", async () => {
    const { registry, repository } = await seeded({ fake: { immutableTags: true } });

    const putting = registry.putManifest(
      { ...repository, tag: "latest" },
      imageOf({ labels: { x: "y" } }),
    );

    await expect(putting).rejects.toMatchObject({ name: "RegistryError" });
  });
});

async function seeded(options: HarnessOptions = {}): Promise<Harness> {
  const harness = await openHarness(options);
  const repository = repositoryIn(harness.fake.state, harness.repository.name);
  seedContent(repository, image, ["latest"]);
  seedContent(repository, index, ["multi"]);
  return harness;
}
