import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { expect, it, onTestFinished } from "vitest";

import { SourceError } from "../../src/sources/source.ts";
import { TarError } from "../../src/tar/error.ts";
import { openArchiveFile } from "../../src/tar/open-archive.ts";
import { blobPath, layout, scratch, tagged, tar, tarFile } from "./files.ts";
import type { TarEntry } from "./files.ts";
import { image, platforms } from "./images.ts";
import { openTested, read } from "./open.ts";

const SHOP = image({ layers: ["base", "x".repeat(700_000)], level: 0 });
const OTHER = image({ layers: ["other"] });
const signal = new AbortController().signal;

it("reads an archive of a layout, its blobs from any offset", async () => {
  const path = await tarFile(layout([[SHOP, tagged("v1")]]));

  const { source } = await openTested(`oci-archive:${path}:v1`);

  const [, base = SHOP, large = SHOP] = SHOP.blobs;
  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
  expect(source.repository).toBeUndefined();
  expect(await read(source, base.digest)).toBe(Buffer.from(base.bytes).toString());
  expect(await read(source, large.digest, 500_001)).toBe(
    Buffer.from(large.bytes).subarray(500_001).toString(),
  );
});

it("reads an archive by the address that it has as a repository", async () => {
  const path = await tarFile(layout([[SHOP, tagged("v1")]]));

  const { source } = await openTested(`archive:${path}:v1`);

  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
});

it("reads several blobs at once", async () => {
  const path = await tarFile(layout([[SHOP]]));
  const { source } = await openTested(`oci-archive:${path}`);

  const all = await Promise.all(SHOP.blobs.map(({ digest }) => read(source, digest)));

  expect(all).toEqual(SHOP.blobs.map(({ bytes }) => Buffer.from(bytes).toString()));
});

it("reads an archive whose paths begin with ./, as tar writes them", async () => {
  const files = [...layout([[SHOP]])].map(([path, bytes]) => [`./${path}`, bytes] as const);

  const { source } = await openTested(`oci-archive:${await tarFile(files)}`);

  expect(source.images).toHaveLength(1);
});

it("lists the tags of an archive that holds several images", async () => {
  const path = await tarFile(
    layout([
      [SHOP, tagged("v1")],
      [OTHER, tagged("v2")],
    ]),
  );

  await expect(openTested(`oci-archive:${path}`)).rejects.toThrow(
    new SourceError(`source oci-archive:${path}: holds 2 images: say which one; it has v1, v2`),
  );
});

it("refuses an archive that names an image twice", async () => {
  const path = await tarFile(
    layout([
      [SHOP, tagged("v1")],
      [OTHER, tagged("v1")],
    ]),
  );

  await expect(openTested(`oci-archive:${path}:v1`)).rejects.toThrow(
    'has 2 images named "v1": name one by its digest',
  );
});

it("refuses an index with a child that is not there", async () => {
  const shop = platforms("linux/amd64", "linux/arm64");
  const files = layout([[shop]]);
  files.delete(blobPath(shop.children[1]?.digest ?? ""));

  await expect(openTested(`oci-archive:${await tarFile(files)}`)).rejects.toThrow(
    "its index names linux/arm64",
  );
});

it("reads an archive that is compressed by gzip, and leaves no file behind", async () => {
  const directory = await scratch();
  const path = join(directory, "image.tar.gz");
  await writeFile(path, gzipSync(await tar(layout([[SHOP]]))));
  const { source } = await openTested(`oci-archive:${path}`);

  const [, base = SHOP] = SHOP.blobs;

  expect(await read(source, base.digest)).toBe(Buffer.from(base.bytes).toString());
});

it("has no name in the directory where it is unpacked", async () => {
  const tempDir = await scratch();
  const path = join(await scratch(), "a.gz");
  await writeFile(path, gzipSync("content"));

  const file = await openArchiveFile(path, { tempDir, signal });
  onTestFinished(() => file.close());

  expect(await readdir(tempDir)).toEqual([]);
  expect(await file.readFile("utf8")).toBe("");
  expect((await file.stat()).size).toBe("content".length);
});

it("refuses an archive that is larger than allowed when it is unpacked", async () => {
  const tempDir = await scratch();
  const path = join(await scratch(), "bomb.gz");
  await writeFile(path, gzipSync(Buffer.alloc(1_000_000)));

  await expect(
    openArchiveFile(path, { tempDir, signal, maxUnpackedBytes: 999_999 }),
  ).rejects.toThrow(new TarError("is larger than 999999 bytes when it is unpacked"));
});

it("reads an archive from a pipe", async () => {
  const directory = await scratch();
  const pipe = join(directory, "pipe");
  await promisify(execFile)("mkfifo", [pipe]);
  const writing = writeFile(pipe, await tar(layout([[SHOP]])));

  const { source } = await openTested(`oci-archive:${pipe}`);
  await writing;

  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
});

it.each([
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd], "is compressed by zstd; decompress it first, or use gzip"],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "is compressed by xz"],
  ["gzip, damaged", [0x1f, 0x8b, 8, 0, 1, 2, 3], "is compressed by gzip and damaged"],
  ["nothing", [], "holds no OCI image layout"],
  ["text", [...Buffer.from("a text\n".repeat(200))], "is no tar archive, or is damaged"],
])("refuses a file of %s", async (_, bytes, message) => {
  const path = join(await scratch(), "image");
  await writeFile(path, Buffer.from(bytes));

  await expect(openTested(`oci-archive:${path}`)).rejects.toThrow(message);
});

it("refuses an archive that is cut short", async () => {
  const path = join(await scratch(), "image.tar");
  const whole = await tar(layout([[SHOP]]));
  await writeFile(path, whole.subarray(0, 400_000));

  await expect(openTested(`oci-archive:${path}`)).rejects.toThrow("is cut short");
});

it("refuses a directory", async () => {
  await expect(openTested(`oci-archive:${await scratch()}`)).rejects.toThrow(
    "is a directory, not an archive; write oci:DIR",
  );
});

it.each<[string, TarEntry, string]>([
  ["a path above it", { name: "../evil" }, 'has a path that leads out of it: "../evil"'],
  ["a path through it", { name: "a/../../evil" }, "has a path that leads out of it"],
  ["an absolute path", { name: "/etc/evil" }, "has a path that leads out of it"],
  [
    "a link out of it",
    { name: "a/b", type: "symlink", linkname: "../../etc/passwd" },
    "has a path that leads out of it",
  ],
  [
    "an absolute link",
    { name: "index.json", type: "symlink", linkname: "/etc/passwd" },
    "has a path that leads out of it",
  ],
  [
    "a hard link out of it",
    { name: "index.json", type: "link", linkname: "../x" },
    "has a path that leads out of it",
  ],
  [
    "a device",
    { name: "index.json", type: "character-device" },
    "has an entry that is no file: index.json",
  ],
])("refuses an archive with %s", async (_, entry, message) => {
  const path = await tarFile([...layout([[SHOP]]), entry]);

  await expect(openTested(`oci-archive:${path}`)).rejects.toThrow(message);
});

it("refuses links that lead to each other", async () => {
  const path = await tarFile([
    { name: "oci-layout", type: "symlink", linkname: "index.json" },
    { name: "index.json", type: "symlink", linkname: "oci-layout" },
  ]);

  await expect(openTested(`oci-archive:${path}`)).rejects.toThrow(
    "has links that lead to each other",
  );
});

it("follows links within the archive", async () => {
  const files = layout([[SHOP]]);
  const [, base = SHOP] = SHOP.blobs;
  files.delete(blobPath(base.digest));
  const path = await tarFile([
    ...files,
    ["store/base", base.bytes],
    { name: blobPath(base.digest), type: "symlink", linkname: "../../store/base" },
  ]);

  const { source } = await openTested(`oci-archive:${path}`);

  expect(await read(source, base.digest)).toBe(Buffer.from(base.bytes).toString());
});

it("takes the last of two entries with one path, as whoever unpacks it", async () => {
  const path = await tarFile([...layout([[OTHER]]), ...layout([[SHOP]])]);

  const { source } = await openTested(`oci-archive:${path}`);

  expect(source.images[0]?.manifest.digest).toBe(SHOP.digest);
});

it("stops when the run is interrupted", async () => {
  const path = await tarFile(layout([[SHOP]]));
  const reason = new Error("enough");

  await expect(
    openTested(`oci-archive:${path}`, { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});
