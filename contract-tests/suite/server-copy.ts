import { describe, expect, it } from "vitest";
import { imageOf, indexOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { ABSENT, tagsOf } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

export function describeServerCopy({
  learned,
  open,
  openFaulty,
}: Pick<LearnedSubject, "learned" | "open" | "openFaulty">): void {
  describe.runIf(learned.serverCopy)("copyFrom", () => {
    it("copies an image with its blobs and sets its tags", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const image = imageOf({ layers: ["one", "two"] });
      const digest = await harness.seed(image, { tags: ["1.0", "latest"] });
      const tags = ["1.0", "latest"];

      const outcome = await registry.copyFrom(nested, { ...repository, digest }, { tags });

      expect(outcome).toBe("copied");
      expect(await tagsOf(harness, nested)).toEqual(tags);
      expect(await lacking(harness, image)).toEqual([]);
      const stored = await registry.getManifest({ ...nested, tag: "1.0" });
      expect({ ...stored, bytes: Uint8Array.from(stored.bytes) }).toEqual({
        mediaType: image.mediaType,
        digest,
        bytes: image.bytes,
      });
    });

    it("copies an index with all that is below it", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const inner = indexOf([imageOf({ labels: { n: "b" } })]);
      const index = indexOf([imageOf({ labels: { n: "a" } }), inner]);
      const digest = await harness.seed(index, { tags: ["1.0"] });

      const outcome = await registry.copyFrom(nested, { ...repository, digest }, { tags: ["1.0"] });

      expect(outcome).toBe("copied");
      expect(await lacking(harness, index)).toEqual([]);
    });

    it("stores without a tag what none was asked for", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const image = imageOf();
      const digest = await harness.seed(image);

      const outcome = await registry.copyFrom(nested, { ...repository, digest }, { tags: [] });

      expect(outcome).toBe("copied");
      expect(await tagsOf(harness, nested)).toEqual([]);
      expect(await lacking(harness, image)).toEqual([]);
    });

    it("sets a tag that was on another manifest, and leaves the others where they are", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["latest"] });
      const other = await harness.seed(imageOf({ labels: { n: "other" } }), {
        tags: ["1.0", "latest"],
        repository: nested,
      });

      const outcome = await registry.copyFrom(
        nested,
        { ...repository, digest },
        { tags: ["latest"] },
      );

      expect(outcome).toBe("copied");
      expect((await registry.resolve({ ...nested, tag: "latest" }))?.digest).toBe(digest);
      expect((await registry.resolve({ ...nested, tag: "1.0" }))?.digest).toBe(other);
    });

    it("copies what it copied before once more", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });
      const from = { ...repository, digest };

      const first = await registry.copyFrom(nested, from, { tags: ["1.0"] });
      const second = await registry.copyFrom(nested, from, { tags: ["1.0"] });

      expect([first, second]).toEqual(["copied", "copied"]);
    });

    it("never sets a tag that was not asked for, whatever the manifest has in its own repository", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0", "cleanup"] });
      const other = await harness.seed(imageOf({ labels: { n: "other" } }), {
        tags: ["cleanup"],
        repository: nested,
      });

      const outcome = await registry.copyFrom(nested, { ...repository, digest }, { tags: ["1.0"] });

      expect((await registry.resolve({ ...nested, tag: "cleanup" }))?.digest).toBe(other);
      expect(await tagsOf(harness, nested)).toEqual(
        outcome === "copied" ? ["1.0", "cleanup"] : ["cleanup"],
      );
    });

    it("never sets a tag that a child has in its own repository", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const child = imageOf();
      await harness.seed(child, { tags: ["child"] });
      const digest = await harness.seed(indexOf([child]), { tags: ["1.0"] });

      const outcome = await registry.copyFrom(nested, { ...repository, digest }, { tags: ["1.0"] });

      expect(await tagsOf(harness, nested)).toEqual(outcome === "copied" ? ["1.0"] : []);
    });

    it("refuses what is not there, and changes nothing", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      await harness.seed(imageOf(), { tags: ["1.0"] });

      const from = { ...repository, digest: ABSENT };
      const outcome = await registry.copyFrom(nested, from, { tags: ["2.0"] });

      expect(outcome).toBe("refused");
      expect(await tagsOf(harness, nested)).toEqual([]);
    });

    it("refuses another host before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const { digest } = imageOf();
      const before = harness.requests();

      const from = { ...repository, host: "registry.example", digest };
      const outcome = await registry.copyFrom(nested, from, { tags: ["1.0"] });

      expect(outcome).toBe("refused");
      expect(harness.requests()).toBe(before);
    });

    it("rejects with the reason of an aborted signal", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const digest = await harness.seed(imageOf(), { tags: ["1.0"] });
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);

      const copying = registry.copyFrom(
        nested,
        { ...repository, digest },
        { tags: ["1.0"], signal },
      );

      await expect(copying).rejects.toBe(reason);
    });

    it.runIf(openFaulty !== undefined)(
      "refuses where the right is missing, and does not ask again",
      async () => {
        await using harness = await openFaulty?.({
          when: ({ method, path }) => method === "POST" && !path.startsWith("/oauth2/"),
          fault: { kind: "status", status: 403, code: "FORBIDDEN" },
        });
        if (harness === undefined) return;
        const { registry, repository, nested } = harness;
        const digest = await harness.seed(imageOf(), { tags: ["1.0"] });
        const from = { ...repository, digest };

        const first = await registry.copyFrom(nested, from, { tags: ["1.0"] });
        const asked = harness.requests();
        const second = await registry.copyFrom(nested, from, { tags: ["1.0"] });

        expect([first, second]).toEqual(["refused", "refused"]);
        expect(harness.requests()).toBe(asked);
      },
    );
  });

  describe.runIf(!learned.serverCopy)("copyFrom, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const { registry, repository, nested } = harness;
      const before = harness.requests();
      const { digest } = imageOf();

      const copying = registry.copyFrom(nested, { ...repository, digest }, { tags: ["1.0"] });

      await expect(copying).rejects.toMatchObject({ name: "RegistryError", code: "unsupported" });
      expect(harness.requests()).toBe(before);
    });
  });
}

/** What of a manifest is not in `nested`. */
async function lacking(
  harness: Pick<Harness, "registry" | "nested">,
  { digest, blobs, children }: SeedContent,
): Promise<readonly string[]> {
  const { registry, nested } = harness;
  const isThere = (await registry.resolve({ ...nested, digest }))?.digest === digest;
  const missing: string[] = isThere ? [] : [digest];
  for (const blob of blobs) {
    if (!(await registry.hasBlob(nested, blob.digest))) missing.push(blob.digest);
  }
  for (const child of children) {
    missing.push(...(await lacking(harness, child)));
  }
  return missing;
}
