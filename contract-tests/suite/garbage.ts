import { describe, expect, it } from "vitest";
import { imageOf } from "../fakes/seed.ts";
import { ABSENT } from "./harness.ts";
import type { LearnedSubject } from "./harness.ts";

export function describeGarbage({ learned, open }: LearnedSubject): void {
  describe.runIf(learned.garbageCollection === "client")("collectGarbage", () => {
    it("removes what nothing refers to, and nothing else", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const kept = imageOf({ layers: ["kept"] });
      const gone = imageOf({ layers: ["gone"] });
      await harness.seed(kept, { tags: ["kept"] });
      const digest = await harness.seed(gone, { tags: ["gone"] });
      await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      const garbage = await registry.collectGarbage(repository, { graceMs: 0 });

      expect(garbage.blobs).toBeGreaterThan(0);
      expect(garbage.bytes).toBeGreaterThan(0);
      const layer = gone.blobs.find(({ bytes }) => new TextDecoder().decode(bytes) === "gone");
      expect(await registry.hasBlob(repository, layer?.digest ?? ABSENT)).toBe(false);
      const left = await Promise.all(
        kept.blobs.map((blob) => registry.hasBlob(repository, blob.digest)),
      );
      expect(left).toEqual(kept.blobs.map(() => true));
    });

    it("leaves what is younger than the grace", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const gone = imageOf({ layers: ["gone"] });
      const digest = await harness.seed(gone, { tags: ["gone"] });
      await Array.fromAsync(registry.deleteManifests(repository, [digest]));

      const garbage = await registry.collectGarbage(repository, { graceMs: 3_600_000 });

      expect(garbage).toEqual({ blobs: 0, bytes: 0 });
      const left = await Promise.all(
        gone.blobs.map((blob) => registry.hasBlob(repository, blob.digest)),
      );
      expect(left).toEqual(gone.blobs.map(() => true));
    });
  });

  describe.runIf(learned.garbageCollection === "server")("collectGarbage, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const before = harness.requests();

      const collection = harness.registry.collectGarbage(harness.repository, { graceMs: 0 });

      await expect(collection).rejects.toMatchObject({
        name: "RegistryError",
        code: "unsupported",
      });
      expect(harness.requests()).toBe(before);
    });
  });
}
