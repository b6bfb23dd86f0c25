import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { image, open, push, scratch, tagsOf } from "./fixture.ts";
import type { Scratch } from "./fixture.ts";

describe("a directory that cannot be read as a layout", () => {
  it.each([
    {
      what: "that is not there",
      prepare: async () => undefined,
      code: "not-found",
      message: "holds no OCI image layout",
    },
    {
      what: "that is empty",
      prepare: (path: string) => mkdir(path),
      code: "not-found",
      message: "holds no OCI image layout",
    },
    {
      what: "that holds something else",
      prepare: async (path: string) => {
        await mkdir(path);
        await writeFile(join(path, "notes.txt"), "mine");
      },
      code: "invalid",
      message: "is not an OCI image layout",
    },
    {
      what: "that is a file",
      prepare: (path: string) => writeFile(path, "mine"),
      code: "invalid",
      message: "ENOTDIR",
    },
    {
      what: "of an unknown version",
      prepare: async (path: string) => {
        await mkdir(path);
        await writeFile(join(path, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
      },
      code: "invalid",
      message: 'imageLayoutVersion "2.0.0"',
    },
    {
      what: "whose oci-layout is broken",
      prepare: async (path: string) => {
        await mkdir(path);
        await writeFile(join(path, "oci-layout"), "{");
      },
      code: "protocol",
      message: "oci-layout is damaged",
    },
  ])("$what is refused with one line", async ({ prepare, code, message }) => {
    await using place = await scratch();
    await prepare(place.path);
    await using registry = await open();

    const listing = Array.fromAsync(registry.listTags(place.repository));

    await expect(listing).rejects.toMatchObject({
      name: "RegistryError",
      code,
      message: expect.stringMatching(new RegExp(`^layout: [^\\n]*${message}[^\\n]*$`)),
    });
  });

  it("that holds something else is not pushed into", async () => {
    await using place = await scratch();
    await mkdir(place.path);
    await writeFile(join(place.path, "notes.txt"), "mine");
    await using registry = await open();

    const pushed = push(registry, place.repository, { content: image("a"), tag: "1.0" });

    await expect(pushed).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("a damaged index.json", () => {
  it.each([
    ["is missing", undefined],
    ["is cut", '{"schemaVersion":2,"manifests":[{"media'],
    ["is of another schema", '{"schemaVersion":1,"manifests":[]}'],
    ["has no list", '{"schemaVersion":2}'],
    [
      "has an entry without a digest",
      '{"schemaVersion":2,"manifests":[{"mediaType":"a","size":1}]}',
    ],
  ])("that %s stops reading, deleting and collecting", async (_, text) => {
    await using place = await scratch();
    const { registry, digest, blobs } = await seeded(place);
    const path = join(place.path, "index.json");
    await (text === undefined ? rm(path) : writeFile(path, text));

    const listing = Array.fromAsync(registry.listTags(place.repository));
    await expect(listing).rejects.toMatchObject({ code: "protocol" });
    const garbage = registry.collectGarbage(place.repository, { graceMs: 0 });
    await expect(garbage).rejects.toMatchObject({ code: "protocol" });
    const outcomes = await Array.fromAsync(registry.deleteManifests(place.repository, [digest]));

    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "protocol" } }]);
    for (const blob of blobs) expect(await registry.hasBlob(place.repository, blob)).toBe(true);
  });
});

describe("a damaged file", () => {
  it("under a manifest's digest is an error, not an absence", async () => {
    await using place = await scratch();
    const { registry, digest } = await seeded(place);
    const path = join(place.path, "blobs", digest.replace(":", "/"));
    await writeFile(path, `${await readFile(path, "utf8")} `);

    const manifest = registry.getManifest({ ...place.repository, tag: "1.0" });
    await expect(manifest).rejects.toMatchObject({ code: "protocol" });
    const garbage = registry.collectGarbage(place.repository, { graceMs: 0 });
    await expect(garbage).rejects.toMatchObject({ code: "protocol" });
  });

  it("that is missing under a tag is an error, not an absence", async () => {
    await using place = await scratch();
    const { registry, digest } = await seeded(place);
    await rm(join(place.path, "blobs", digest.replace(":", "/")));

    const manifest = registry.getManifest({ ...place.repository, tag: "1.0" });

    await expect(manifest).rejects.toMatchObject({ code: "protocol" });
  });

  it("under a layer's digest makes its stream fail at the end", async () => {
    await using place = await scratch();
    const { registry, blobs } = await seeded(place);
    const [, layer] = blobs;
    if (layer === undefined) throw new Error("the image has a layer");
    await writeFile(join(place.path, "blobs", layer.replace(":", "/")), "other bytes");

    const read = Array.fromAsync(await registry.getBlob(place.repository, layer));

    await expect(read).rejects.toMatchObject({ code: "protocol" });
  });

  it("is healed by the next push of the same bytes", async () => {
    await using place = await scratch();
    const { registry, digest } = await seeded(place);
    await writeFile(join(place.path, "blobs", digest.replace(":", "/")), "other bytes");

    await push(registry, place.repository, { content: image("a"), tag: "1.0" });

    expect((await registry.getManifest({ ...place.repository, tag: "1.0" })).digest).toBe(digest);
  });
});

describe("a creation that was cut short", () => {
  it.each([[[".tidemark"]], [[".tidemark", "blobs"]], [[".tidemark", "blobs", "index.json"]]])(
    "after %j is completed by the next push",
    async (names) => {
      await using place = await scratch();
      for (const name of names.filter((name) => name !== "index.json")) {
        await mkdir(join(place.path, name), { recursive: true });
      }
      if (names.includes("index.json")) {
        await writeFile(join(place.path, "index.json"), '{"schemaVersion":2,"manifests":[]}');
      }
      await using registry = await open();
      await expect(tagsOf(registry, place.repository)).rejects.toMatchObject({ code: "not-found" });

      const digest = await push(registry, place.repository, { content: image("a"), tag: "1.0" });

      expect(await tagsOf(registry, place.repository)).toEqual({ "1.0": digest });
    },
  );
});

async function seeded(place: Scratch): Promise<{
  readonly registry: Registry;
  readonly digest: Digest;
  readonly blobs: readonly Digest[];
}> {
  const content = image("a");
  const writer = await open();
  const digest = await push(writer, place.repository, { content, tag: "1.0" });
  await writer[Symbol.asyncDispose]();
  const registry = await open();
  return { registry, digest, blobs: content.blobs.map(digestOf) };
}
