import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import { pushBlobs, tagsOf } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeListing(subject: LearnedSubject): void {
  describeTagEntries(subject);
  describePaging(subject);
}

/** A listing while something goes from what it has read already. */
function describePaging({ open, pageSize, pages, learned }: LearnedSubject): void {
  describe.runIf(pages && learned.manifestDeletion !== "none")("listTags, paging", () => {
    it(`${learned.listingPaging === "cursor" ? "misses nothing" : "yields nothing twice"} when an earlier tag goes meanwhile`, async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const count = 2 * pageSize + 1;
      const images = Array.from({ length: count }, (_, n) => imageOf({ labels: { n: `${n}` } }));
      for (const [n, image] of images.entries()) await harness.seed(image, { tags: [`t${n}`] });
      const listed: string[] = [];

      for await (const { tag } of registry.listTags(repository)) {
        listed.push(tag);
        const first = images[Number(tag.slice(1))];
        if (listed.length > 1 || first === undefined) continue;
        await Array.fromAsync(registry.deleteManifests(repository, [first.digest]));
      }

      const all = new Set(images.keys().map((n) => `t${n}`));
      expect(new Set(listed).size).toBe(listed.length);
      expect(listed.filter((tag) => !all.has(tag))).toEqual([]);
      const least = learned.listingPaging === "cursor" ? count : 1;
      expect(listed.length).toBeGreaterThanOrEqual(least);
    });
  });
}

function describeTagEntries({ open, pageSize, learned, unknownRepository }: LearnedSubject): void {
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

    it.runIf(learned.listing !== "names")("is right in all that it tells of a tag", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const image = imageOf();
      const index = indexOf([imageOf({ layers: ["child"] })]);
      await harness.seed(image, { tags: ["image", "latest"] });
      await harness.seed(index, { tags: ["index"] });
      const truth = new Map([
        ["image", descriptorOf(image)],
        ["latest", descriptorOf(image)],
        ["index", descriptorOf(index)],
      ]);

      const entries = await Array.fromAsync(registry.listTags(repository));

      const told = entries.map(({ tag, digest, mediaType, size }) => [
        tag,
        {
          digest,
          mediaType: mediaType ?? truth.get(tag)?.mediaType,
          size: size ?? truth.get(tag)?.size,
        },
      ]);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(truth));
    });

    it.runIf(learned.listing === "digests-and-times")("carries when each was pushed", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const image = imageOf({ created: "2020-01-01T00:00:00Z" });
      await pushBlobs(harness, image);
      const start = Date.now();
      await registry.putManifest({ ...repository, tag: "1.0" }, image);

      const entries = await Array.fromAsync(registry.listTags(repository));

      const [{ pushedAt = 0 } = {}] = entries;
      expect(entries).toHaveLength(1);
      // Some clocks tell whole seconds only; a simulated one may stand ahead by what was waited.
      expect(pushedAt).toBeGreaterThanOrEqual(start - 1_000);
      expect(pushedAt).toBeLessThan(start + 3_600_000);
    });

    it.runIf(learned.listing === "digests")("carries no time that it would guess", async () => {
      await using harness = await open();
      await harness.seed(imageOf(), { tags: ["one"] });

      const entries = await Array.fromAsync(harness.registry.listTags(harness.repository));

      expect(entries.map(({ pushedAt }) => pushedAt)).toEqual([undefined]);
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
