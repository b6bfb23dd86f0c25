import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import type { BlobSource } from "../../src/registry/registry.ts";
import { imageOf } from "../fakes/seed.ts";
import { ABSENT, readAll } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

/** More than goes up in one request where chunks are taken. */
const LARGE = Buffer.alloc(10 * 1024 * 1024 + 1, "a large layer ");

export function describeBlobUpload({ open, learned }: LearnedSubject): void {
  describe("putBlob of a source that can be read again", () => {
    it("stores what getBlob answers with, looked for or not", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const [looked, unlooked] = [textBlob(), textBlob()];

      await registry.putBlob(repository, looked, looked.source);
      await registry.putBlob(repository, unlooked, unlooked.source, { isAbsent: true });

      expect(await textOf(harness, looked)).toBe(looked.text);
      expect(await textOf(harness, unlooked)).toBe(unlooked.text);
    });

    it("refuses other bytes and stores nothing", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const [blob, other] = [textBlob(), textBlob()];

      const pushed = registry.putBlob(repository, blob, other.source, { isAbsent: true });

      await expect(pushed).rejects.toMatchObject({ name: "RegistryError", code: "invalid" });
      expect(await registry.hasBlob(repository, blob.digest)).toBe(false);
    });
  });

  describe("putBlob of a large blob", () => {
    it("sends it as the record says, and stores all of it", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const small = textBlob();
      await registry.putBlob(repository, small, small.source);
      const large = { digest: digestOf(LARGE), size: LARGE.length };
      const before = harness.writes();

      await registry.putBlob(repository, large, sourceOf(LARGE), { isAbsent: true });

      // Beginning and end, and the chunks between them.
      expect(harness.writes() - before > 2).toBe(learned.chunkedUploads);
      const stored = await readAll(await registry.getBlob(repository, large.digest));
      expect(LARGE.equals(stored)).toBe(true);
    });
  });

  describe("mountBlob", () => {
    it("brings a blob of another repository, or answers that it does not", async () => {
      await using harness = await open();
      const { registry, repository, sibling } = harness;
      const image = imageOf({ layers: [randomUUID()] });
      await harness.seed(image, { tags: ["1.0"] });
      await harness.seed(imageOf(), { tags: ["other"], repository: sibling });
      const digest = image.blobs[1]?.digest ?? ABSENT;

      const isMounted = await registry.mountBlob(sibling, digest, repository);

      expect(await registry.hasBlob(sibling, digest)).toBe(isMounted);
      expect(await registry.hasBlob(repository, digest)).toBe(true);
    });

    it("brings nothing that the other repository lacks", async () => {
      await using harness = await open();
      const { registry, repository, sibling } = harness;
      await harness.seed(imageOf(), { tags: ["1.0"] });
      await harness.seed(imageOf(), { tags: ["other"], repository: sibling });

      expect(await registry.mountBlob(sibling, ABSENT, repository)).toBe(false);

      expect(await registry.hasBlob(sibling, ABSENT)).toBe(false);
    });

    it("does not ask about a repository of another host", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const before = harness.requests();

      const elsewhere = { host: "elsewhere.example.com", name: "acme/base" };
      expect(await registry.mountBlob(repository, ABSENT, elsewhere)).toBe(false);

      expect(harness.requests()).toBe(before);
    });
  });
}

/** A blob that nobody has stored. */
function textBlob(): TextBlob {
  const text = `the content of ${randomUUID()}`;
  const bytes = new TextEncoder().encode(text);
  return { text, source: sourceOf(bytes), digest: digestOf(bytes), size: bytes.length };
}

function sourceOf(bytes: Uint8Array): BlobSource {
  return {
    async *open(from) {
      yield bytes.subarray(from);
    },
  };
}

interface TextBlob {
  readonly text: string;
  readonly source: BlobSource;
  readonly digest: ReturnType<typeof digestOf>;
  readonly size: number;
}

async function textOf({ registry, repository }: Harness, { digest }: TextBlob): Promise<string> {
  return new TextDecoder().decode(await readAll(await registry.getBlob(repository, digest)));
}
