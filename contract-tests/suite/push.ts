import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import { ABSENT, codeOf, inChunks, pushBlobs, readAll, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describePush({ open, learned }: LearnedSubject): void {
  describe("putBlob", () => {
    it("stores what getBlob answers with", async () => {
      await using harness = await open();
      const bytes = new TextEncoder().encode("a blob that came in several chunks");
      const { registry, repository } = harness;
      const [blob] = imageOf({ layers: ["a blob that came in several chunks"] }).blobs.slice(1);
      const digest = blob?.digest ?? ABSENT;

      await registry.putBlob(repository, { digest, size: bytes.length }, inChunks(bytes));

      expect(await registry.hasBlob(repository, digest)).toBe(true);
      const stored = await readAll(await registry.getBlob(repository, digest));
      expect(new TextDecoder().decode(stored)).toBe("a blob that came in several chunks");
    });

    it("takes a blob that is there already", async () => {
      await using harness = await open();
      const image = imageOf();
      await harness.seed(image, { tags: ["1.0"] });

      await pushBlobs(harness, image);

      expect(await tagsOf(harness)).toEqual(["1.0"]);
    });

    it.each([
      ["other bytes of the same length", (text: string) => text.replace(/.$/, "!")],
      ["too few bytes", (text: string) => text.slice(1)],
      ["too many bytes", (text: string) => `${text}!`],
    ])("refuses %s and stores nothing", async (_, spoil) => {
      await using harness = await open();
      const { registry, repository } = harness;
      const unseen = randomUUID();
      const digest = imageOf({ layers: [unseen] }).blobs[1]?.digest ?? ABSENT;
      const content = inChunks(new TextEncoder().encode(spoil(unseen)));

      const pushed = registry.putBlob(repository, { digest, size: unseen.length }, content);

      await expect(pushed).rejects.toMatchObject({ name: "RegistryError", code: "invalid" });
      expect(await registry.hasBlob(repository, digest)).toBe(false);
    });
  });

  describe("putManifest", () => {
    it("stores an image that resolves by tag and by digest", async () => {
      await using harness = await open();
      const image = imageOf({ labels: { of: "put" } });
      const { registry, repository } = harness;
      await pushBlobs(harness, image);

      const stored = await registry.putManifest({ ...repository, tag: "1.0" }, image);

      expect(stored).toEqual(descriptorOf(image));
      const { digest } = image;
      expect(await registry.resolve({ ...repository, tag: "1.0" })).toEqual(descriptorOf(image));
      expect(await registry.resolve({ ...repository, digest })).toEqual(descriptorOf(image));
    });

    it.runIf(learned.untaggedPut)("tags nothing when it stores by digest", async () => {
      await using harness = await open();
      const tagged = imageOf();
      const image = imageOf({ layers: ["untagged"] });
      await harness.seed(tagged, { tags: ["1.0"] });
      const { registry, repository } = harness;
      await pushBlobs(harness, image);

      const stored = await registry.putManifest({ ...repository, digest: image.digest }, image);

      expect(stored).toEqual(descriptorOf(image));
      expect(await tagsOf(harness)).toEqual(["1.0"]);
    });

    it.runIf(!learned.untaggedPut)("refuses to store by digest, and stores nothing", async () => {
      await using harness = await open();
      const image = imageOf({ layers: ["untagged"] });
      const { registry, repository } = harness;
      await pushBlobs(harness, image);

      const put = registry.putManifest({ ...repository, digest: image.digest }, image);

      const code = expect.stringMatching(/^(?:unsupported|invalid|conflict)$/);
      await expect(put).rejects.toMatchObject({ name: "RegistryError", code });
      const { digest } = image;
      expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
    });

    it("stores an index over its children", async () => {
      await using harness = await open();
      const child = imageOf();
      const index = indexOf([child]);
      await harness.seed(child, { tags: ["child"] });
      const { registry, repository } = harness;

      await registry.putManifest({ ...repository, tag: "1.0" }, index);

      expect(await registry.resolve({ ...repository, tag: "1.0" })).toEqual(descriptorOf(index));
    });

    it("refuses bytes that do not hash to the digest they are put under", async () => {
      await using harness = await open();
      const image = imageOf();
      const { registry, repository } = harness;
      await pushBlobs(harness, image);

      const put = registry.putManifest({ ...repository, digest: ABSENT }, image);

      const code = expect.stringMatching(learned.untaggedPut ? /^invalid$/ : /./);
      await expect(put).rejects.toMatchObject({ name: "RegistryError", code });
      expect(await registry.resolve({ ...repository, digest: ABSENT })).toBeUndefined();
    });

    it.runIf(!learned.immutableTags)("moves a tag", async () => {
      await using harness = await open();
      const moved = imageOf({ labels: { version: "2" } });
      await harness.seed(imageOf({ labels: { version: "1" } }), { tags: ["1.0", "latest"] });
      const { registry, repository } = harness;
      await pushBlobs(harness, moved);

      await registry.putManifest({ ...repository, tag: "latest" }, moved);

      const latest = await registry.resolve({ ...repository, tag: "latest" });
      expect(latest?.digest).toBe(moved.digest);
      const other = await registry.resolve({ ...repository, tag: "1.0" });
      expect(other?.digest).not.toBe(moved.digest);
    });

    it.runIf(learned.immutableTags)(
      "moves a tag, or is refused with conflict and leaves it",
      async () => {
        await using harness = await open();
        const moved = imageOf({ labels: { version: "2" } });
        const before = await harness.seed(imageOf({ labels: { version: "1" } }), { tags: ["1.0"] });
        const { registry, repository } = harness;
        await pushBlobs(harness, moved);

        const put = registry.putManifest({ ...repository, tag: "1.0" }, moved);
        const outcome = await put.then(() => "moved", codeOf);

        expect(["moved", "conflict"]).toContain(outcome);
        const after = await registry.resolve({ ...repository, tag: "1.0" });
        expect(after?.digest).toBe(outcome === "moved" ? moved.digest : before);
      },
    );
  });
}
