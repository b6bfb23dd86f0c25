import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";

import { takeUpTar } from "../../src/tar/take-up.ts";
import { walkTar } from "../../src/tar/walk.ts";
import { createTarWriter } from "../../src/tar/writer.ts";
import type { LastFile, TarWriter } from "../../src/tar/writer.ts";

const { signal } = new AbortController();
const SPOILT = new Error("the source broke off");

it("files that are added at once are whole, for us and for tar", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  const contents = ["", "a", "b".repeat(512), "c".repeat(70_000)];

  await Promise.all(contents.map((content, at) => add(writer, `files/${at}`, content)));
  await writer.end();

  const { stdout } = await promisify(execFile)("tar", ["-tvf", path]);
  expect(stdout.trim().split("\n")).toHaveLength(contents.length);
  expect(await readAll(path)).toEqual(new Map(contents.map((text, at) => [`files/${at}`, text])));
});

it("what breaks off leaves no file, and its room goes to the next of its size", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  await add(writer, "before", "1");
  const broken = writer.add({ path: "broken", size: 1000, modified: 0 }, async (write) => {
    await write(Buffer.alloc(400, "x"));
    throw SPOILT;
  });
  await expect(broken).rejects.toBe(SPOILT);
  await add(writer, "behind", "2");
  const { size } = await file.stat();

  await add(writer, "again", "y".repeat(900));
  await writer.end();

  expect((await file.stat()).size).toBe(size + 1024);
  expect(await readAll(path)).toEqual(
    new Map([
      ["before", "1"],
      ["again", "y".repeat(900)],
      ["behind", "2"],
    ]),
  );
});

it("what breaks off last is cut off", async () => {
  const { file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  await add(writer, "before", "1");

  const broken = writer.add({ path: "broken", size: 100_000, modified: 0 }, () => {
    throw SPOILT;
  });
  await expect(broken).rejects.toBe(SPOILT);
  await writer.end();

  expect((await file.stat()).size).toBe(2 * 512 + 1024);
});

it("a file that cannot be written does not stop those behind it", async () => {
  const { path, file } = await scratchFile();
  let isFull = true;
  const disk = new Proxy(file, {
    get(target, name: keyof FileHandle) {
      if (name === "write" && isFull) return () => Promise.reject(SPOILT);
      const member = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const writer = createTarWriter(disk, { end: 0 });
  await expect(add(writer, "a", "1")).rejects.toBe(SPOILT);
  isFull = false;

  await add(writer, "b", "2");
  await writer.end();

  expect(await readAll(path)).toEqual(new Map([["b", "2"]]));
});

it.each([
  ["too few", "12"],
  ["too many", "1234"],
])("%s bytes are refused", async (words, content) => {
  const { file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });

  const added = writer.add({ path: "a", size: 3, modified: 0 }, (write) =>
    write(Buffer.from(content)),
  );

  await expect(added).rejects.toThrow(`was given ${words} bytes`);
});

it("an archive that was cut anywhere goes on with the files that are whole", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  const contents = ["one", "two".repeat(400), "three", "four".repeat(2000)];
  for (const content of contents) await add(writer, pathOf(content), content);
  await writer.end();
  const bytes = await readFile(path);

  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length),
      fc.option(fc.nat(bytes.length - 1)),
      async (length, flipped) => {
        const spoilt = Buffer.from(bytes.subarray(0, length));
        if (flipped !== null && flipped < length) spoilt[flipped] = (spoilt[flipped] ?? 0) ^ 0x20;
        await writeFile(path, spoilt);

        const taken = await takeUp(path);
        for (const content of contents) {
          if (!taken.paths.has(pathOf(content))) await add(taken.writer, pathOf(content), content);
        }
        await taken.writer.end();
        await taken.file.close();

        const found = await readAll(path);
        for (const content of contents) expect(found.get(pathOf(content))).toBe(content);
      },
    ),
    { numRuns: 60 },
  );
});

it("the entry that ends an archive is cut off when it is taken up", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  await add(writer, "a", "1");
  await add(writer, "index.json", "{}");
  await writer.end();

  const taken = await takeUp(path);

  expect([...taken.paths]).toEqual(["a"]);
  expect((await taken.file.stat()).size).toBe(1024);
  await taken.file.close();
});

it("the last file stands behind all others, though a room of its size is free", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  const broken = ["x", "y"].map((name) =>
    writer.add({ path: name, size: 3, modified: 0 }, () => Promise.reject(SPOILT)),
  );
  await Promise.allSettled(broken);
  await add(writer, "behind", "1".repeat(600));
  await writer.end(index("old"));

  const taken = await takeUp(path);
  await taken.writer.end(index("new"));
  await taken.file.close();

  expect(await readAll(path)).toEqual(
    new Map([
      ["behind", "1".repeat(600)],
      ["index.json", "new"],
    ]),
  );
  expect((await pathsIn(path)).slice(2)).toEqual(["behind", "index.json"]);
});

it("the last file takes the place of what broke off at the end", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  await add(writer, "before", "1");
  const broken = writer.add({ path: "broken", size: 100_000, modified: 0 }, () => {
    throw SPOILT;
  });
  await expect(broken).rejects.toBe(SPOILT);

  await writer.end(index("{}"));

  expect(await pathsIn(path)).toEqual(["before", "index.json"]);
  expect((await file.stat()).size).toBe(4 * 512 + 1024);
});

it("nothing is added any more to an archive that takes nothing more", async () => {
  const { path, file } = await scratchFile();
  const writer = createTarWriter(file, { end: 0 });
  await add(writer, "before", "1");

  const ending = writer.end(index("{}"));
  const late = add(writer, "late", "2");

  await expect(late).rejects.toThrow("takes nothing more");
  await ending;
  await expect(add(writer, "later", "3")).rejects.toThrow("takes nothing more");
  expect(await pathsIn(path)).toEqual(["before", "index.json"]);
});

async function takeUp(
  path: string,
): Promise<{ file: FileHandle; writer: TarWriter; paths: ReadonlySet<string> }> {
  const file = await open(path, "r+");
  const { writer, entries } = await takeUpTar(file, {
    signal,
    last: "index.json",
    isWhole: async ({ path: name, start, size }) => {
      const content = Buffer.alloc(size);
      await file.read(content, 0, size, start);
      return name.length !== 64 || name === pathOf(content.toString());
    },
  });
  return { file, writer, paths: new Set(entries.map((entry) => entry.path)) };
}

async function add(writer: TarWriter, path: string, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  await writer.add({ path, size: bytes.length, modified: 0 }, async (write) => {
    for (let at = 0; at < bytes.length; at += 1000) await write(bytes.subarray(at, at + 1000));
  });
}

function index(text: string): LastFile {
  return { path: "index.json", bytes: Buffer.from(text), modified: 0 };
}

function pathOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Every file that is no leftover, the last of a name. */
async function readAll(path: string): Promise<Map<string, string>> {
  const file = await open(path);
  try {
    const found = new Map<string, string>();
    for await (const entry of walkTar(file, { signal })) {
      const content = Buffer.alloc(entry.size);
      await file.read(content, 0, entry.size, entry.start);
      if (!entry.path.startsWith(".tidemark/")) found.set(entry.path, content.toString());
    }
    return found;
  } finally {
    await file.close();
  }
}

async function pathsIn(path: string): Promise<string[]> {
  const file = await open(path);
  try {
    return (await Array.fromAsync(walkTar(file, { signal }))).map((entry) => entry.path);
  } finally {
    await file.close();
  }
}

async function scratchFile(): Promise<{ path: string; file: FileHandle }> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-tar-"));
  const path = join(directory, "a.tar");
  const file = await open(path, "wx+");
  onTestFinished(async () => {
    await file.close();
    await rm(directory, { recursive: true });
  });
  return { path, file };
}
