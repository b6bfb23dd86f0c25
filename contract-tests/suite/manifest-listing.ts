import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import { pushBlobs } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

/** Every manifest, whatever names it; or nothing at all. */
export function describeManifestListing(subject: LearnedSubject): void {
  if (subject.learned.untaggedListing) describeListing(subject);
  else describeNoListing(subject);
}

function describeNoListing({ open }: LearnedSubject): void {
  describe("listManifests, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository, requests } = harness;
      await harness.seed(imageOf(), { tags: ["1.0"] });
      const before = requests();

      const listing = Array.fromAsync(registry.listManifests(repository));

      await expect(listing).rejects.toMatchObject({ code: "unsupported" });
      expect(requests()).toBe(before);
    });
  });
}

function describeListing({ open, learned, pageSize, unknownRepository }: LearnedSubject): void {
  describe("listManifests", () => {
    it("yields what has tags, what has none, children and referrers, each once with its tags", async () => {
      await using harness = await open();
      const image = imageOf({ labels: { n: "image" } });
      const leftover = imageOf({ labels: { n: "leftover" } });
      const children = [imageOf({ layers: ["one"] }), imageOf({ layers: ["two"] })];
      const index = indexOf(children);
      const referrer = imageOf({ layers: ["signature"], subject: descriptorOf(image) });
      await harness.seed(image, { tags: ["1.0", "latest"] });
      await harness.seed(index, { tags: ["index"] });
      await harness.seed(leftover);
      await harness.seed(referrer);

      const listed = await manifestsOf(harness);

      expect(listed).toHaveLength(6);
      expect(Object.fromEntries(listed)).toEqual({
        [image.digest]: ["1.0", "latest"],
        [index.digest]: ["index"],
        ...Object.fromEntries([leftover, referrer, ...children].map(({ digest }) => [digest, []])),
      });
    });

    it("tells of a referrer that has a tag of its own", async () => {
      await using harness = await open();
      const image = imageOf({ labels: { n: "image" } });
      const referrer = imageOf({ layers: ["signature"], subject: descriptorOf(image) });
      await harness.seed(image, { tags: ["1.0"] });
      await harness.seed(referrer, { tags: ["signature"] });

      const listed = await manifestsOf(harness);

      expect(Object.fromEntries(listed)).toEqual({
        [image.digest]: ["1.0"],
        [referrer.digest]: ["signature"],
      });
    });

    it("yields each once over several pages", async () => {
      await using harness = await open();
      const images = Array.from({ length: 2 * pageSize + 1 }, (_, n) =>
        imageOf({ labels: { n: String(n) } }),
      );
      for (const image of images) await harness.seed(image);

      const listed = await manifestsOf(harness);

      expect(listed.map(([digest]) => digest)).toEqual(
        images.map(({ digest }) => digest).toSorted(),
      );
    });

    it("tells when a manifest without a tag was pushed, or nothing", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const kept = imageOf({ labels: { n: "kept" } });
      await harness.seed(kept, { tags: ["1.0"] });
      const image = imageOf({ created: "2020-01-01T00:00:00Z" });
      await pushBlobs(harness, image);
      const start = Date.now();
      if (learned.untaggedPut)
        await registry.putManifest({ ...repository, digest: image.digest }, image);
      else await harness.seed(image);

      const entries = await Array.fromAsync(registry.listManifests(repository));

      const found = entries.find(({ digest }) => digest === image.digest);
      expect(found).toBeDefined();
      const { pushedAt = start, mediaType = image.mediaType } = found ?? {};
      // Some clocks tell whole seconds only; a simulated one may stand ahead by what was waited.
      expect(pushedAt).toBeGreaterThanOrEqual(start - 1_000);
      expect(pushedAt).toBeLessThan(start + 3_600_000);
      expect(mediaType).toBe(image.mediaType);
    });

    it.runIf(unknownRepository === "is-empty")(
      "yields nothing for a repository that is not there",
      async () => {
        await using harness = await open();

        expect(await manifestsOf(harness)).toEqual([]);
      },
    );

    it.runIf(unknownRepository === "is-refused")(
      "rejects for a repository that is not there",
      async () => {
        await using harness = await open();

        await expect(manifestsOf(harness)).rejects.toMatchObject({ code: "not-found" });
      },
    );
  });
}

/** Digests with their tags, sorted. */
async function manifestsOf({
  registry,
  repository,
}: Harness): Promise<readonly (readonly [string, readonly string[]])[]> {
  const entries = await Array.fromAsync(registry.listManifests(repository));
  return entries
    .map(({ digest, tags }) => [digest, tags.toSorted()] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
