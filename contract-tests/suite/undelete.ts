import { describe, expect, it } from "vitest";
import { imageOf } from "../fakes/seed.ts";
import { tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeUndelete({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.undelete === "native")("undelete", () => {
    it("brings a deleted manifest back with its tags", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "latest"] });
      const tags = ["1.0", "latest"];
      const options = { tags: new Map([[digest, tags]]) };
      const gone = await Array.fromAsync(registry.deleteManifests(repository, [digest], options));

      const outcomes = await Array.fromAsync(registry.undelete(repository, [{ digest, tags }]));

      expect(gone).toEqual([{ digest, status: "deleted" }]);
      expect(outcomes).toEqual([{ digest, status: "restored" }]);
      expect(await tagsOf(harness)).toEqual(["1.0", "2.0", "latest"]);
      const found = await Promise.all(
        tags.map((tag) => registry.resolve({ ...repository, tag }).then((it) => it?.digest)),
      );
      expect(found).toEqual([digest, digest]);
      expect((await registry.getManifest({ ...repository, digest })).digest).toBe(digest);
    });

    it("fails for what never was there, and leaves the rest", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["2.0"] });
      const { digest } = imageOf({ labels: { n: "never" } });

      const outcomes = await Array.fromAsync(
        registry.undelete(repository, [{ digest, tags: ["1.0"] }]),
      );

      expect(outcomes).toMatchObject([{ digest, status: "failed" }]);
      expect(await tagsOf(harness)).toEqual(["2.0"]);
    });
  });

  describe.runIf(learned.undelete === "none")("undelete, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const before = harness.requests();
      const { digest } = imageOf();

      const restoring = Array.fromAsync(registry.undelete(repository, [{ digest, tags: [] }]));

      await expect(restoring).rejects.toMatchObject({ name: "RegistryError", code: "unsupported" });
      expect(harness.requests()).toBe(before);
    });
  });
}
