import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { ABSENT, countOver, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeDeletion(subject: LearnedSubject): void {
  describeManifests(subject);
  describeTagsOfManifests(subject);
  describeIndexChildren(subject);
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
      const count = countOver(learned.deletionBatchSize);
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

function describeTagsOfManifests({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.manifestDeletion !== "none")("deleteManifests with known tags", () => {
    it("removes the manifest with the tags it was told", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });
      const tags = new Map([[digest, ["1.0", "latest"]]]);

      const outcomes = await Array.fromAsync(
        registry.deleteManifests(repository, [digest], { tags }),
      );

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      expect(await registry.resolve({ ...repository, digest })).toBeUndefined();
      expect(await tagsOf(harness)).toEqual(["2.0"]);
    });

    it("does not mind a tag that is gone already", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });
      const tags = new Map([[digest, ["1.0", "gone"]]]);

      const outcomes = await Array.fromAsync(
        registry.deleteManifests(repository, [digest], { tags }),
      );

      expect(outcomes).toEqual([{ digest, status: "deleted" }]);
      expect(await tagsOf(harness)).toEqual(["2.0"]);
    });

    it("leaves alone a tag that was told and has moved to another manifest", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "moved"] });
      const other = await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["moved"] });
      const tags = new Map([[digest, ["1.0", "moved"]]]);

      await Array.fromAsync(registry.deleteManifests(repository, [digest], { tags }));

      expect(await tagsOf(harness)).toContain("moved");
      expect((await registry.resolve({ ...repository, tag: "moved" }))?.digest).toBe(other);
    });

    const needsTags = learned.refusesTagged || !learned.deletionCascade.includes("tags");

    it.runIf(needsTags)(
      "fails with conflict for a tag it was not told, and leaves all",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        const digest = await harness.seed(imageOf(), { tags: ["1.0", "came-since"] });
        const tags = new Map([[digest, ["1.0"]]]);

        const outcomes = await Array.fromAsync(
          registry.deleteManifests(repository, [digest], { tags }),
        );

        expect(outcomes).toMatchObject([{ digest, status: "failed", error: { code: "conflict" } }]);
        expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
        const left = await registry.resolve({ ...repository, tag: "came-since" });
        expect(left?.digest).toBe(digest);
      },
    );

    it.runIf(!needsTags)("takes along a tag it was not told, or leaves all with it", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "came-since"] });
      const tags = new Map([[digest, ["1.0"]]]);

      const [outcome] = await Array.fromAsync(
        registry.deleteManifests(repository, [digest], { tags }),
      );

      const left = {
        tags: await tagsOf(harness),
        digest: (await registry.resolve({ ...repository, digest }))?.digest,
      };
      const code = outcome?.status === "failed" ? outcome.error.code : outcome?.status;
      expect([
        { code: "deleted", tags: [], digest: undefined },
        { code: "conflict", tags: ["1.0", "came-since"], digest },
      ]).toContainEqual({ code, ...left });
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
