import { execFile } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it, onTestFinished } from "vitest";

import { BLOCK, decodeHeader, encodeFile } from "../../src/tar/header.ts";
import { walkTar } from "../../src/tar/walk.ts";

const { signal } = new AbortController();

it.each([0, 1, 511, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 5 * 1024 ** 4])(
  "a size of %d bytes is read back",
  (size) => {
    const block = encodeFile({ path: "blobs/sha256/ab", size, modified: 1_700_000_000 });

    expect(block).toHaveLength(BLOCK);
    expect(decodeHeader(block)).toEqual({
      path: "blobs/sha256/ab",
      kind: "file",
      size,
      target: "",
      modified: 1_700_000_000,
    });
  },
);

it("a block with a wrong sum is refused", () => {
  const block = encodeFile({ path: "index.json", size: 1, modified: 0 });
  block[0] = 0x6a;

  expect(() => decodeHeader(block)).toThrow("is damaged");
});

it("a path that does not fit into one header is read back by other programs and by us", async () => {
  const path = `blobs/sha512/${"a".repeat(128)}`;
  const bytes = Buffer.concat([
    encodeFile({ path, size: 5, modified: 0 }),
    Buffer.concat([Buffer.from("hello")], BLOCK),
    Buffer.alloc(2 * BLOCK),
  ]);

  const file = await fileOf(bytes);

  const { stdout } = await promisify(execFile)("tar", ["-xOf", file, path]);
  expect(stdout).toBe("hello");
  expect(await entriesOf(file)).toEqual([[path, 5]]);
});

it.each(["gnu", "pax", "ustar", "v7"])("an archive of tar --format=%s is read", async (format) => {
  const directory = await scratch();
  const long = format === "gnu" || format === "pax" ? "l".repeat(120) : "l";
  await writeFile(join(directory, "short"), "1");
  await writeFile(join(directory, long), "x".repeat(1000));
  const file = join(await scratch(), "a.tar");
  await promisify(execFile)("tar", [
    `--format=${format}`,
    "-C",
    directory,
    "-cf",
    file,
    "short",
    long,
  ]);

  expect(await entriesOf(file)).toEqual([
    ["short", 1],
    [long, 1000],
  ]);
});

async function entriesOf(path: string): Promise<[string, number][]> {
  const file = await open(path);
  try {
    const entries = await Array.fromAsync(walkTar(file, { signal }));
    return entries.map(({ path: name, size }) => [name, size]);
  } finally {
    await file.close();
  }
}

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(await scratch(), "a.tar");
  await writeFile(path, bytes);
  return path;
}

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-tar-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}
