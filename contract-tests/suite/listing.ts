import { describe, expect, it } from "vitest";
import { imageOf } from "../fakes/seed.ts";
import { tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeListing({
  open,
  pageSize,
  learned,
  unknownRepository,
}: LearnedSubject): void {
  describe("listTags", () => {
    it("yields each tag once, over several pages", async () => {
      await using harness = await open();
      const tags = Array.from({ length: 2 * pageSize + 1 }, (_, at) => `build-${at}`);
      await harness.seed(imageOf(), { tags });

      const listed = await tagsOf(harness);

      expect(listed).toEqual(tags.toSorted());
    });

    it("yields exactly one full page", async () => {
      await using harness = await open();
      const tags = Array.from({ length: pageSize }, (_, at) => `build-${at}`);
      await harness.seed(imageOf(), { tags });

      const listed = await tagsOf(harness);

      expect(listed).toEqual(tags.toSorted());
    });

    it("yields tags whose names need care in an address", async () => {
      await using harness = await open();
      const tags = ["_under", "UPPER.lower", "a--b", `x${"y".repeat(127)}`];
      await harness.seed(imageOf(), { tags });

      const listed = await tagsOf(harness);

      expect(listed).toEqual(tags.toSorted());
    });

    it.runIf(unknownRepository === "is-empty")(
      "yields nothing for a repository that is not there",
      async () => {
        await using harness = await open();

        const listed = await tagsOf(harness);

        expect(listed).toEqual([]);
      },
    );

    it.runIf(unknownRepository === "is-refused")(
      "rejects for a repository that is not there",
      async () => {
        await using harness = await open();

        const listing = tagsOf(harness);

        await expect(listing).rejects.toMatchObject({ code: "not-found" });
      },
    );

    it("yields nothing for a repository without tags", async () => {
      await using harness = await open();
      await harness.seed(imageOf());

      const listed = await tagsOf(harness);

      expect(listed).toEqual([]);
    });

    it.runIf(learned.nestedRepositories)("tells nested repositories apart", async () => {
      await using harness = await open();
      const { nested } = harness;
      await harness.seed(imageOf(), { tags: ["outer"] });
      await harness.seed(imageOf(), { tags: ["inner"], repository: nested });

      expect(await tagsOf(harness)).toEqual(["outer"]);
      expect(await tagsOf(harness, nested)).toEqual(["inner"]);
    });

    it.runIf(learned.listing !== "names")("carries the digest of each tag", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const one = await harness.seed(imageOf({ labels: { n: "1" } }), { tags: ["one"] });
      const two = await harness.seed(imageOf({ labels: { n: "2" } }), { tags: ["two"] });

      const entries = await Array.fromAsync(registry.listTags(repository));

      expect(Object.fromEntries(entries.map(({ tag, digest }) => [tag, digest]))).toEqual({
        one,
        two,
      });
    });

    it.runIf(learned.listing === "names")("carries names and nothing it would guess", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      await harness.seed(imageOf(), { tags: ["one"] });

      const entries = await Array.fromAsync(registry.listTags(repository));

      expect(entries).toEqual([{ tag: "one" }]);
    });
  });
}
