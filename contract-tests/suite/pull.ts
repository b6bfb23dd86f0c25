import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/oci/digest.ts";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import { ABSENT, readAll } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describePull({ open }: LearnedSubject): void {
  describe("resolve", () => {
    it("answers with the descriptor of a tag", async () => {
      await using harness = await open();
      const image = imageOf({ labels: { of: "resolve" } });
      await harness.seed(image, { tags: ["1.0"] });

      const found = await harness.registry.resolve({ ...harness.repository, tag: "1.0" });

      expect(found).toEqual(descriptorOf(image));
    });

    it("answers with the descriptor of a digest", async () => {
      await using harness = await open();
      const image = imageOf();
      const digest = await harness.seed(image, { tags: ["1.0"] });

      const found = await harness.registry.resolve({ ...harness.repository, digest });

      expect(found).toEqual(descriptorOf(image));
    });

    it("answers undefined for a tag, a digest and a repository that are not there", async () => {
      await using harness = await open();
      await harness.seed(imageOf(), { tags: ["1.0"] });
      const { registry, repository, nested } = harness;

      const found = [
        await registry.resolve({ ...repository, tag: "2.0" }),
        await registry.resolve({ ...repository, digest: ABSENT }),
        await registry.resolve({ ...nested, tag: "1.0" }),
      ];

      expect(found).toEqual([undefined, undefined, undefined]);
    });
  });

  describe("getManifest", () => {
    it("answers with the bytes as they were stored, by tag and by digest", async () => {
      await using harness = await open();
      const image = imageOf();
      const { mediaType, bytes } = image;
      const digest = await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository } = harness;

      const byTag = await registry.getManifest({ ...repository, tag: "1.0" });
      const byDigest = await registry.getManifest({ ...repository, digest });

      expect(plain(byTag)).toEqual(plain({ mediaType, digest, bytes }));
      expect(plain(byDigest)).toEqual(plain({ mediaType, digest, bytes }));
    });

    it("answers with an index as it was stored, and with its children", async () => {
      await using harness = await open();
      const children = [imageOf({ layers: ["amd64"] }), imageOf({ layers: ["arm64"] })];
      const index = indexOf(children);
      await harness.seed(index, { tags: ["1.0"] });
      const { registry, repository } = harness;

      const found = await registry.getManifest({ ...repository, tag: "1.0" });
      const below = await Promise.all(
        children.map(({ digest }) => registry.getManifest({ ...repository, digest })),
      );

      expect(plain(found)).toEqual(plain(index));
      expect(below.map(plain)).toEqual(children.map(plain));
    });

    it("rejects with not-found for what is not there", async () => {
      await using harness = await open();
      await harness.seed(imageOf(), { tags: ["1.0"] });
      const { registry, repository, nested } = harness;

      const byTag = registry.getManifest({ ...repository, tag: "2.0" });
      await expect(byTag).rejects.toMatchObject({ name: "RegistryError", code: "not-found" });
      const byDigest = registry.getManifest({ ...repository, digest: ABSENT });
      await expect(byDigest).rejects.toMatchObject({ name: "RegistryError", code: "not-found" });
      const elsewhere = registry.getManifest({ ...nested, tag: "1.0" });
      await expect(elsewhere).rejects.toMatchObject({ name: "RegistryError", code: "not-found" });
    });
  });

  describe("getBlob", () => {
    it("streams the bytes", async () => {
      await using harness = await open();
      const image = imageOf({ layers: ["a layer of its own"] });
      await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository } = harness;

      const streamed = await Promise.all(
        image.blobs.map(async ({ digest }) => readAll(await registry.getBlob(repository, digest))),
      );

      expect(streamed.map(textOf)).toEqual(image.blobs.map(({ bytes }) => textOf(bytes)));
    });

    it("streams the bytes from an offset on", async () => {
      await using harness = await open();
      const image = imageOf({ layers: ["a layer of its own"] });
      await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository } = harness;
      const digest = image.blobs[1]?.digest ?? ABSENT;

      const rest = [2, 17, 18].map(async (from) =>
        textOf(await readAll(await registry.getBlob(repository, digest, { from }))),
      );

      expect(await Promise.all(rest)).toEqual(["layer of its own", "n", ""]);
    });

    it("rejects with not-found for a blob that is not there", async () => {
      await using harness = await open();
      await harness.seed(imageOf(), { tags: ["1.0"] });

      const blob = harness.registry.getBlob(harness.repository, ABSENT);

      await expect(blob).rejects.toMatchObject({ name: "RegistryError", code: "not-found" });
    });
  });

  describe("hasBlob", () => {
    it("tells what is there from what is not", async () => {
      await using harness = await open();
      const image = imageOf();
      await harness.seed(image, { tags: ["1.0"] });
      const { registry, repository, nested } = harness;
      const digest = image.blobs[0]?.digest ?? ABSENT;

      const answers = [
        await registry.hasBlob(repository, digest),
        await registry.hasBlob(repository, ABSENT),
        await registry.hasBlob(nested, ABSENT),
      ];

      expect(answers).toEqual([true, false, false]);
    });
  });
}

interface Shown {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly text: string;
}

function plain(body: {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}): Shown {
  return { mediaType: body.mediaType, digest: body.digest, text: textOf(body.bytes) };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
