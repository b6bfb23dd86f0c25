import { execFile } from "node:child_process";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { open as openLayout } from "../layout/fixture.ts";
import { open, push, tagsOf } from "./fixture.ts";
import { scratch } from "./scratch.ts";

const ONE = imageOf({ layers: ["base", "one"] });
const TWO = imageOf({ layers: ["base", "two"] });
const BROKE_OFF = new Error("whoever waited gave up");
const ALL = indexOf([ONE, TWO]);

describe("an archive that is written", () => {
  it("is there as a whole when the registry is disposed, and not before", async () => {
    const { directory, path, repository } = await scratch();
    const registry = await open();
    await push(registry, repository, { image: ALL, tag: "all" });

    expect((await readdir(directory)).toSorted()).toEqual([
      "images.tar.partial",
      "images.tar.partial.lock",
    ]);
    await registry[Symbol.asyncDispose]();

    expect(await readdir(directory)).toEqual(["images.tar"]);
    expect((await stat(path)).size % 512).toBe(0);
    expect(await tagsOf(repository)).toEqual({ all: ALL.digest });
  });

  it("holds each blob once, though two images name it", async () => {
    const { path, repository } = await scratch();
    const registry = await open();

    await push(registry, repository, { image: ONE, tag: "1" });
    const read = await push(registry, repository, { image: TWO, tag: "2" });
    await registry[Symbol.asyncDispose]();

    expect(read).toEqual([TWO.blobs[2]?.digest]);
    const text = (await readFile(path)).toString("latin1");
    const base = ONE.blobs[1]?.digest.replace("sha256:", "blobs/sha256/") ?? "";
    expect(text.split(base)).toHaveLength(2);
  });

  it("shows its own session what it holds, and others what was there before", async () => {
    const { repository } = await scratch();
    await using first = await open();
    await push(first, repository, { image: ONE, tag: "1" });
    await first[Symbol.asyncDispose]();
    await using second = await open();

    await push(second, repository, { image: TWO, tag: "2" });

    const own = await Array.fromAsync(second.listTags(repository));
    expect(own.map(({ tag }) => tag)).toEqual(["1", "2"]);
    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest });
  });

  it("keeps what it had when it is extended", async () => {
    const { directory, repository } = await scratch();
    for (const [tag, image] of Object.entries({ "1": ONE, all: ALL, "2": TWO })) {
      const registry = await open();
      await push(registry, repository, { image, tag });
      await registry[Symbol.asyncDispose]();
    }

    await using registry = await open();

    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest, all: ALL.digest, "2": TWO.digest });
    const manifests = await Array.fromAsync(registry.listManifests(repository));
    const pushedAt = Date.parse("2026-03-04T05:06:07Z");
    expect(manifests.map((one) => one.digest).toSorted()).toEqual(
      [ONE, TWO, ALL].map(({ digest }) => digest).toSorted(),
    );
    expect(manifests.every((one) => one.pushedAt === pushedAt)).toBe(true);
    expect(await readdir(directory)).toEqual(["images.tar"]);
  });

  it("keeps a manifest whose tag moved, and one that never had a tag", async () => {
    const { repository } = await scratch();
    const registry = await open();
    await push(registry, repository, { image: ONE, tag: "latest" });
    await push(registry, repository, { image: TWO, tag: "latest" });
    const untagged = imageOf({ layers: ["untagged"] });
    await push(registry, repository, { image: untagged });
    await registry[Symbol.asyncDispose]();

    await using again = await open();
    const manifests = await Array.fromAsync(again.listManifests(repository));

    expect(new Map(manifests.map(({ digest, tags }) => [digest, tags]))).toEqual(
      new Map([
        [ONE.digest, []],
        [TWO.digest, ["latest"]],
        [untagged.digest, []],
      ]),
    );
  });

  it("stays as it is when nothing that has a name was added", async () => {
    const { directory, path, repository } = await scratch();
    const registry = await open();
    await push(registry, repository, { image: ONE, tag: "1" });
    await registry[Symbol.asyncDispose]();
    const before = await readFile(path);
    const second = await open();

    await push(second, repository, { image: ONE, tag: "1" });
    await second[Symbol.asyncDispose]();

    expect(await readFile(path)).toEqual(before);
    expect(await readdir(directory)).toEqual(["images.tar"]);
  });

  it("leaves what arrived to the next run when it got no tag", async () => {
    const { directory, repository } = await scratch();
    const first = await open();
    for (const { digest, bytes } of ONE.blobs) {
      await first.putBlob(repository, { digest, size: bytes.length }, streamOf(bytes));
    }
    await first[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual(["images.tar.partial"]);
    const second = await open();

    const read = await push(second, repository, { image: ONE, tag: "1" });
    await second[Symbol.asyncDispose]();

    expect(read).toEqual([]);
    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest });
    expect(await readdir(directory)).toEqual(["images.tar"]);
  });

  it("has the tags of the run that ended, not of one before that was refused its place", async () => {
    const { path, repository } = await scratch();
    const first = await open();
    await push(first, repository, { image: ONE, tag: "1" });
    await breakOff(first, repository);
    await push(first, repository, { image: imageOf({ layers: ["behind".repeat(1000)] }) });
    await writeFile(path, "of another program");
    await expect(first[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "conflict" });
    await rm(path);
    const second = await open();

    await push(second, repository, { image: ONE, tag: "2" });
    await second[Symbol.asyncDispose]();

    expect(await tagsOf(repository)).toEqual({ "2": ONE.digest });
  });

  it("asks for nothing again that arrived, though the archive has rooms of what broke off", async () => {
    const { repository } = await scratch();
    const first = await open();
    await breakOff(first, repository);
    await push(first, repository, { image: ONE, tag: "1" });
    await first[Symbol.asyncDispose]();
    const second = await open();
    for (const { digest, bytes } of TWO.blobs) {
      await second.putBlob(repository, { digest, size: bytes.length }, streamOf(bytes));
    }
    await second[Symbol.asyncDispose]();
    const third = await open();

    const read = await push(third, repository, { image: TWO, tag: "2" });
    await third[Symbol.asyncDispose]();

    expect(read).toEqual([]);
    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest, "2": TWO.digest });
  });

  it("is opened for everybody who waits, though who came first gives up", async () => {
    const { repository } = await scratch();
    await using registry = await open();
    const [blob, other] = ONE.blobs;
    const stop = new AbortController();
    const store = (
      { digest, bytes } = blob ?? ONE,
      { signal }: { readonly signal?: AbortSignal } = {},
    ): Promise<void> =>
      registry.putBlob(
        repository,
        { digest, size: bytes.length },
        streamOf(bytes),
        signal === undefined ? {} : { signal },
      );

    const first = store(blob, stop);
    const second = store(other);
    stop.abort(BROKE_OFF);

    await expect(first).rejects.toBe(BROKE_OFF);
    await second;
    expect(await registry.hasBlob(repository, other?.digest ?? ONE.digest)).toBe(true);
  });

  it("takes several blobs at once", async () => {
    const { repository } = await scratch();
    const registry = await open();
    const images = Array.from({ length: 20 }, (_, at) =>
      imageOf({ layers: ["base", "x".repeat(at * 10_000)], labels: { at: String(at) } }),
    );

    await Promise.all(
      images.map((image, at) => push(registry, repository, { image, tag: `t${at}` })),
    );
    await registry[Symbol.asyncDispose]();

    expect(await tagsOf(repository)).toEqual(
      Object.fromEntries(images.map(({ digest }, at) => [`t${at}`, digest])),
    );
    await using again = await open();
    for (const { digest, bytes } of images.flatMap(({ blobs }) => blobs)) {
      const content = await Array.fromAsync(await again.getBlob(repository, digest));
      expect(Buffer.concat(content).equals(bytes)).toBe(true);
    }
  });
});

describe("a directory that was packed", () => {
  it("has the tags that were not in its index yet", async () => {
    const { directory, path, repository } = await scratch();
    const layout = { host: "oci", name: join(directory, "layout") };
    const busy = await openLayout();
    await push(busy, layout, { image: ONE, tag: "1" });
    await promisify(execFile)("tar", ["-C", layout.name, "-cf", path, "."]);

    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest });
    const registry = await open();
    await push(registry, repository, { image: TWO, tag: "1" });
    await registry[Symbol.asyncDispose]();

    expect(await tagsOf(repository)).toEqual({ "1": TWO.digest });
  });
});

describe("an archive that cannot be written", () => {
  it("is refused to a second process while the first is at it", async () => {
    const { repository } = await scratch();
    await using first = await open();
    await push(first, repository, { image: ONE });
    await using second = await open();

    const pushed = push(second, repository, { image: TWO });

    await expect(pushed).rejects.toMatchObject({ name: "RegistryError", code: "conflict" });
  });

  it("is not replaced when another program changed it meanwhile", async () => {
    const { directory, path, repository } = await scratch();
    const registry = await open();
    await push(registry, repository, { image: ONE, tag: "1" });
    await writeFile(path, "of another program");

    await expect(registry[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "conflict" });

    expect(await readFile(path, "utf8")).toBe("of another program");
    expect((await readdir(directory)).toSorted()).toEqual(["images.tar", "images.tar.partial"]);
  });

  it("is told of beside all others that cannot be, each with what to do", async () => {
    const [one, two, three] = [await scratch(), await scratch(), await scratch()];
    const registry = await open();
    for (const { repository } of [one, two, three]) {
      await push(registry, repository, { image: ONE, tag: "1" });
    }
    for (const { path } of [one, three]) await writeFile(path, "of another program");

    const disposed = registry[Symbol.asyncDispose]();

    const linesOf = (path: string): readonly string[] => [
      `archive: ${path} was changed by another program meanwhile`,
      `what this run wrote is in ${path}.partial; run it again to add it to the archive as it is by then`,
    ];
    await expect(disposed).rejects.toMatchObject({
      name: "RegistryError",
      code: "conflict",
      message: [...linesOf(one.path), ...linesOf(three.path)].join("\n"),
      cause: { errors: [{ code: "conflict" }, { code: "conflict" }] },
    });
    expect(await tagsOf(two.repository)).toEqual({ "1": ONE.digest });
  });

  it.each(["images.tar.gz", "images.tgz"])("is refused where it is called %s", async (name) => {
    const { directory, repository } = await scratch(name);
    await using registry = await open();

    const pushed = push(registry, repository, { image: ONE });

    await expect(pushed).rejects.toMatchObject({ code: "invalid" });
    expect(await readdir(directory)).toEqual([]);
  });

  it("is refused where it is compressed", async () => {
    const { path, repository } = await scratch();
    const first = await open();
    await push(first, repository, { image: ONE, tag: "1" });
    await first[Symbol.asyncDispose]();
    await writeFile(path, gzipSync(await readFile(path)));
    await using second = await open();

    const pushed = push(second, repository, { image: TWO, tag: "2" });

    await expect(pushed).rejects.toMatchObject({ code: "invalid" });
    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest });
  });
});

describe("an archive that cannot be trusted", () => {
  it.each([
    ["a text", "a text\n".repeat(200), "is no tar archive, or is damaged"],
    ["nothing", "", "holds no OCI image layout: it has no oci-layout"],
  ])("is refused when it is %s", async (_, text, why) => {
    const { path, repository } = await scratch();
    await writeFile(path, text);

    const listed = tagsOf(repository);

    await expect(listed).rejects.toMatchObject({
      code: "invalid",
      registryCode: "UNREADABLE_DIRECTORY",
      message: `archive: ${path} ${why}`,
    });
  });

  it("fails at the end of a blob whose bytes do not hash", async () => {
    const { path, repository } = await scratch();
    const registry = await open();
    const image = imageOf({ layers: ["a layer to be spoilt"] });
    await push(registry, repository, { image, tag: "1" });
    await registry[Symbol.asyncDispose]();
    const bytes = await readFile(path, "latin1");
    await writeFile(path, bytes.replace("a layer to be spoilt", "a layer that is bad!"), "latin1");
    await using again = await open();
    const digest = image.blobs[1]?.digest ?? image.digest;

    const read = again.getBlob(repository, digest).then((stream) => Array.fromAsync(stream));

    await expect(read).rejects.toMatchObject({ code: "protocol" });
  });

  it("loses the blobs that a failure of power spoilt, when it is taken up", async () => {
    const { path, repository } = await scratch();
    const first = await open();
    for (const { digest, bytes } of ONE.blobs) {
      await first.putBlob(repository, { digest, size: bytes.length }, streamOf(bytes));
    }
    await first[Symbol.asyncDispose]();
    const partial = `${path}.partial`;
    const spoilt = (await readFile(partial, "latin1")).replace("\0base\0", "\0\0\0\0\0\0");
    await writeFile(partial, spoilt, "latin1");
    const second = await open();

    const read = await push(second, repository, { image: ONE, tag: "1" });
    await second[Symbol.asyncDispose]();

    expect(read).toEqual([ONE.blobs[1]?.digest]);
    expect(await tagsOf(repository)).toEqual({ "1": ONE.digest });
  });
});

/** Leaves rooms of each length that the index of few tags may have. */
async function breakOff(registry: Registry, repository: Repository): Promise<void> {
  const sizes = [1, 2, 3, 4].flatMap((blocks) => [1, 2, 3, 4].map((less) => blocks * 512 - less));
  const broken = await Promise.allSettled(
    sizes.map((size) => {
      const { digest } = imageOf({ layers: [String(size)] });
      return registry.putBlob(repository, { digest, size }, streamOf(Buffer.alloc(size)));
    }),
  );
  expect(broken.map(({ status }) => status)).toEqual(sizes.map(() => "rejected"));
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
