import { describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../fakes/seed.ts";
import { countOver, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeTagDeletion({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.tagDeletion !== "none")("deleteTags", () => {
    it("removes the tag; its manifest and its sibling tags stay", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

      const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["latest"]));

      expect(outcomes).toEqual([{ tag: "latest", status: "deleted" }]);
      expect(await tagsOf(harness)).toEqual(["1.0"]);
      expect(await registry.resolve({ ...repository, tag: "latest" })).toBeUndefined();
      expect((await registry.resolve({ ...repository, tag: "1.0" }))?.digest).toBe(digest);
    });

    it("removes one of two tags; the manifest stays whole under the other", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const image = imageOf({ layers: ["a layer"] });
      await harness.seed(image, { tags: ["1.0", "latest"] });

      await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

      expect((await registry.getManifest({ ...repository, tag: "latest" })).digest).toBe(
        image.digest,
      );
      const { digest } = image;
      expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
      const blobs = await Promise.all(
        image.blobs.map((blob) => registry.hasBlob(repository, blob.digest)),
      );
      expect(blobs).toEqual(image.blobs.map(() => true));
    });

    it.runIf(!learned.lastTagTakesManifest)(
      "removes the last tag of a manifest; the manifest stays",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
        const digest = await harness.seed(imageOf(), { tags: ["1.0"] });

        const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

        expect(outcomes).toEqual([{ tag: "1.0", status: "deleted" }]);
        expect(await tagsOf(harness)).toEqual(["2.0"]);
        expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
      },
    );

    it.runIf(learned.lastTagTakesManifest)(
      "removes the last tag of a manifest together with it, or fails and leaves both",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
        const digest = await harness.seed(imageOf(), { tags: ["1.0"] });

        const [outcome] = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

        const isGone = outcome?.status === "deleted";
        expect(await tagsOf(harness)).toEqual(isGone ? ["2.0"] : ["1.0", "2.0"]);
        const left = await registry.resolve({ ...repository, digest });
        expect(left?.digest).toBe(isGone ? undefined : digest);
      },
    );

    it("settles every tag of a list longer than one batch", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const count = countOver(learned.tagBatchSize);
      const tags = Array.from({ length: count }, (_, n) => `t${n}`);
      const digest = await harness.seed(imageOf(), { tags: ["kept", ...tags] });

      const outcomes = await Array.fromAsync(registry.deleteTags(repository, tags));

      expect(outcomes.map(({ tag }) => tag).toSorted()).toEqual(tags.toSorted());
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["deleted"]));
      expect(await tagsOf(harness)).toEqual(["kept"]);
      expect((await registry.resolve({ ...repository, tag: "kept" }))?.digest).toBe(digest);
    });

    it("counts a tag that is already gone as deleted", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf(), { tags: ["1.0", "2.0", "3.0"] });

      const outcomes = await Array.fromAsync(
        registry.deleteTags(repository, ["absent", "1.0", "2.0"]),
      );

      expect(outcomes.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))).toEqual([
        { tag: "1.0", status: "deleted" },
        { tag: "2.0", status: "deleted" },
        { tag: "absent", status: "deleted" },
      ]);
      expect(await tagsOf(harness)).toEqual(["3.0"]);
    });

    it("removes the tag of an index; the index stays under its other tag", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(indexOf([imageOf()]), { tags: ["1.0", "latest"] });

      const outcomes = await Array.fromAsync(registry.deleteTags(repository, ["1.0"]));

      expect(outcomes).toEqual([{ tag: "1.0", status: "deleted" }]);
      expect((await registry.resolve({ ...repository, tag: "latest" }))?.digest).toBe(digest);
    });
  });

  describe.runIf(learned.tagDeletion === "none")("deleteTags, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf(), { tags: ["1.0", "latest"] });
      await registry.learn(repository);
      const before = harness.requests();

      const deletion = Array.fromAsync(registry.deleteTags(repository, ["latest"]));

      await expect(deletion).rejects.toMatchObject({ name: "RegistryError", code: "unsupported" });
      expect(harness.requests()).toBe(before);
      expect(await tagsOf(harness)).toEqual(["1.0", "latest"]);
    });
  });
}
