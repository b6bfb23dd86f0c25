import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { ABSENT, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeDeletion(subject: LearnedSubject): void {
  describeManifests(subject);
  describeIndexChildren(subject);
  describeTags(subject);
}

function describeManifests({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.manifestDeletion !== "none")("deleteManifests", () => {
    it("removes the manifest and every tag on it, and nothing else", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const kept = await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
      expect(await registry.resolve({ ...repository, tag: "latest" })).toBeUndefined();
      expect(await tagsOf(harness)).toEqual(["2.0"]);
      expect((await registry.resolve({ ...repository, tag: "2.0" }))?.digest).toBe(kept);
    });

    it("removes a manifest without tags", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(imageOf());

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
    });

    it("counts a manifest that is already gone as deleted", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });

      const outcomes = await Array.fromAsync(
        registry.deleteManifests(repository, [ABSENT, digest]),
      );

      expect(byDigest(outcomes)).toEqual(
        byDigest([
          { digest: ABSENT, status: "deleted" },
          { digest, status: "deleted" },
        ]),
      );
      expect(await tagsOf(harness)).toEqual([]);
    });

    it("settles every digest of a list longer than one batch", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const count = Math.min(2 * learned.deletionBatchSize + 1, 25);
      const images = Array.from({ length: count }, (_, n) => imageOf({ labels: { n: `${n}` } }));
      for (const [n, image] of images.entries()) await harness.seed(image, { tags: [`t${n}`] });
      const digests = images.map(({ digest }) => digest);

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, digests));

      expect(byDigest(outcomes)).toEqual(
        byDigest(digests.map((digest) => ({ digest, status: "deleted" }))),
      );
      expect(await tagsOf(harness)).toEqual([]);
    });

    it("settles nothing when there is nothing to do", async () => {
      await using harness = await open();
      const { registry, repository } = harness;

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, []));

      expect(outcomes).toEqual([]);
    });
  });

  describe.runIf(learned.manifestDeletion === "none")("deleteManifests, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });
      const before = harness.requests();

      const deletion = Array.fromAsync(registry.deleteManifests(repository, [digest]));

      await expect(deletion).rejects.toMatchObject({ name: "RegistryError", code: "unsupported" });
      expect(harness.requests()).toBe(before);
    });
  });
}

function describeIndexChildren({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.manifestDeletion !== "none")("deleteManifests and indexes", () => {
    it("removes an index and leaves the child that has a tag, or another index", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const tagged = imageOf({ layers: ["tagged"] });
      const shared = imageOf({ layers: ["shared"] });
      await harness.seed(tagged, { tags: ["child"] });
      await harness.seed(indexOf([shared]), { tags: ["2.0"] });
      const digest = await harness.seed(indexOf([tagged, shared]), { tags: ["1.0"] });

      const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      const left = [
        await registry.resolve({ ...repository, digest: tagged.digest }),
        await registry.resolve({ ...repository, digest: shared.digest }),
      ];
      expect(left).toEqual([descriptorOf(tagged), descriptorOf(shared)]);
      expect(await tagsOf(harness)).toEqual(["2.0", "child"]);
    });

    it.runIf(learned.refusesIndexChildren)(
      "fails with conflict for a manifest that an index names, and leaves it",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        const { digest } = await seedIndexedChild(harness.seed);

        const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

        expect(outcomes).toMatchObject([{ digest, status: "failed", error: { code: "conflict" } }]);
        expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
      },
    );

    it.runIf(!learned.refusesIndexChildren)(
      "settles a manifest that an index names, and leaves the index",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        const { digest } = await seedIndexedChild(harness.seed);

        const outcomes = await Array.fromAsync(registry.deleteManifests(repository, [digest]));

        const [outcome] = outcomes;
        const left = await registry.resolve({ ...repository, digest });
        expect(outcomes).toHaveLength(1);
        expect(outcome?.status).toBe(left === undefined ? "deleted" : "failed");
        expect(await tagsOf(harness)).toEqual(["1.0"]);
      },
    );
  });
}

function describeTags({ learned, open }: LearnedSubject): void {
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

/** An index tagged `1.0` over one untagged child, which it answers with. */
async function seedIndexedChild(
  seed: (content: SeedContent, options: { readonly tags: readonly string[] }) => Promise<unknown>,
): Promise<SeedContent> {
  const child = imageOf();
  await seed(indexOf([child]), { tags: ["1.0"] });
  return child;
}

function byDigest<T extends { readonly digest: string }>(outcomes: readonly T[]): T[] {
  return outcomes.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}
