import { readFile, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/oci/digest.ts";
import { image, index, json, once, open, push, scratch, tagsOf } from "./fixture.ts";

describe("tags", () => {
  it("outlive the session that wrote them", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const digest = await push(registry, repository, { content: image("a"), tag: "1.0" });
    await push(registry, repository, { content: image("a"), tag: "latest" });

    await using other = await open();

    expect(await tagsOf(other, repository)).toEqual({ "1.0": digest, latest: digest });
  });

  it("move to what was pushed last, and the manifest before stays by its digest", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const before = await push(registry, repository, { content: image("a"), tag: "main" });
    const after = await push(registry, repository, { content: image("b"), tag: "main" });

    await registry.collectGarbage(repository, { graceMs: 0 });

    expect(await tagsOf(registry, repository)).toEqual({ main: after });
    expect((await registry.getManifest({ ...repository, digest: before })).digest).toBe(before);
  });

  it("stand in index.json when the registry is disposed, and no log is left", async () => {
    await using place = await scratch();
    const registry = await open();
    const digest = await push(registry, place.repository, { content: image("a"), tag: "1.0" });

    await registry[Symbol.asyncDispose]();

    const { manifests } = JSON.parse(await readFile(join(place.path, "index.json"), "utf8"));
    expect(manifests).toMatchObject([
      { digest, annotations: { "org.opencontainers.image.ref.name": "1.0" } },
    ]);
    expect(await readdir(join(place.path, ".tidemark"))).toEqual(["tmp"]);
    expect(await readdir(join(place.path, ".tidemark", "tmp"))).toEqual([]);
  });

  it("outside the grammar are refused", async () => {
    await using place = await scratch();
    await using registry = await open();

    const put = push(registry, place.repository, { content: image("a"), tag: "no/tag" });

    await expect(put).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("deleteTags", () => {
  it("leaves the manifest by its digest, also when garbage is collected", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const content = image("a");
    const digest = await push(registry, repository, { content, tag: "1.0" });

    await Array.fromAsync(registry.deleteTags(repository, ["1.0", "absent"]));
    await registry.collectGarbage(repository, { graceMs: 0 });

    expect(await tagsOf(registry, repository)).toEqual({});
    expect((await registry.resolve({ ...repository, digest }))?.digest).toBe(digest);
    for (const bytes of content.blobs) {
      expect(await registry.hasBlob(repository, digestOf(bytes))).toBe(true);
    }
  });

  it("leaves no entry for a manifest that an index reaches", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const child = image("child");
    await push(registry, repository, { content: child, tag: "child" });
    const digest = await push(registry, repository, { content: index([child]), tag: "index" });

    await Array.fromAsync(registry.deleteTags(repository, ["child"]));
    const kept = await registry.collectGarbage(repository, { graceMs: 0 });
    await Array.fromAsync(registry.deleteManifests(repository, [digest]));
    const freed = await registry.collectGarbage(repository, { graceMs: 0 });

    expect(kept).toEqual({ blobs: 0, bytes: 0 });
    expect(freed.blobs).toBe(3);
    expect(await registry.resolve({ ...repository, digest: child.digest })).toBeUndefined();
  });
});

describe("deleteManifests", () => {
  it("leaves a config or a layer that someone names as a manifest", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const content = image("a");
    await push(registry, repository, { content, tag: "1.0" });
    const digests = content.blobs.map(digestOf);

    await Array.fromAsync(registry.deleteManifests(repository, digests));

    for (const digest of digests) expect(await registry.hasBlob(repository, digest)).toBe(true);
  });
});

describe("putManifest", () => {
  it.each([
    { what: "an image without its blobs", content: image("a") },
    { what: "an index without its children", content: index([image("a")]) },
  ])("refuses $what", async ({ content }) => {
    await using place = await scratch();
    await using registry = await open();

    const put = registry.putManifest({ ...place.repository, tag: "1.0" }, content);

    await expect(put).rejects.toMatchObject({
      code: "invalid",
      registryCode: "MANIFEST_BLOB_UNKNOWN",
    });
    expect(await tagsOf(registry, place.repository)).toEqual({});
  });

  it("takes an image whose absent layers are not distributable", async () => {
    await using place = await scratch();
    await using registry = await open();
    const foreign = {
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      digest: digestOf(json({ elsewhere: true })),
      size: 10,
    };

    const digest = await push(registry, place.repository, {
      content: image("a", { layers: [foreign] }),
      tag: "1.0",
    });

    expect(await tagsOf(registry, place.repository)).toEqual({ "1.0": digest });
  });

  it("refuses bytes that do not hash to the digest they are pushed by", async () => {
    await using place = await scratch();
    await using registry = await open();
    const { digest } = image("other");

    const put = registry.putManifest({ ...place.repository, digest }, image("a"));

    await expect(put).rejects.toMatchObject({ code: "invalid", registryCode: "DIGEST_INVALID" });
  });
});

describe("putBlob", () => {
  it.each([
    { what: "other bytes", content: "other", size: 5 },
    { what: "fewer bytes", content: "hell", size: 5 },
    { what: "more bytes", content: "hello!", size: 5 },
  ])("refuses $what than announced and stores nothing", async ({ content, size }) => {
    await using place = await scratch();
    await using registry = await open();
    const digest = digestOf(new TextEncoder().encode("hello"));
    const stream = once(new TextEncoder().encode(content));

    const put = registry.putBlob(place.repository, { digest, size }, stream);

    await expect(put).rejects.toMatchObject({ code: "invalid" });
    expect(await registry.hasBlob(place.repository, digest)).toBe(false);
    expect(await readdir(join(place.path, ".tidemark", "tmp"))).toEqual([]);
  });

  it("makes a blob young again that is there already", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const bytes = new TextEncoder().encode("hello");
    const blob = { digest: digestOf(bytes), size: bytes.length };
    await registry.putBlob(repository, blob, once(bytes));
    const path = join(place.path, "blobs", blob.digest.replace(":", "/"));
    await utimes(path, 1_000, 1_000);

    await registry.putBlob(repository, blob, once(bytes));

    expect(await registry.collectGarbage(repository, { graceMs: 3_600_000 })).toEqual({
      blobs: 0,
      bytes: 0,
    });
    expect(await registry.hasBlob(repository, blob.digest)).toBe(true);
  });
});

describe("listReferrers", () => {
  it("finds manifests by their subject and by the fallback tag, each once", async () => {
    await using place = await scratch();
    const { repository } = place;
    await using registry = await open();
    const subject = image("a");
    const digest = await push(registry, repository, { content: subject, tag: "1.0" });
    const about = { mediaType: subject.mediaType, digest, size: subject.bytes.length };
    const direct = image("signature", { subject: about, artifactType: "application/signature" });
    const child = image("bill", { subject: about, annotations: { made: "by hand" } });
    await push(registry, repository, { content: direct });
    await push(registry, repository, { content: child });
    await push(registry, repository, {
      content: index([child]),
      tag: digest.replace(":", "-"),
    });

    const found = await Array.fromAsync(registry.listReferrers({ ...repository, digest }));

    expect(
      found.toSorted((a, b) =>
        a.artifactType === b.artifactType ? 0 : a.artifactType === "application/signature" ? -1 : 1,
      ),
    ).toMatchObject([
      { digest: direct.digest, artifactType: "application/signature" },
      { digest: child.digest, annotations: { made: "by hand" } },
    ]);
    expect(found).toHaveLength(2);
  });
});
