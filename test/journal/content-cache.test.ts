import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createContentCache } from "../../src/journal/content-cache.ts";
import { digestOf, splitDigest } from "../../src/oci/digest.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const bytes = new TextEncoder().encode('{"schemaVersion":2}');
const digest = digestOf(bytes);

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "tidemark-cache-"))));
afterEach(() => rm(dir, { recursive: true }));

describe("the content cache", () => {
  it("gives back what was written", async () => {
    const cache = createContentCache(dir, () => NOW);

    await cache.write(digest, bytes);

    expect(await cache.read(digest)).toEqual(Buffer.from(bytes));
    expect(await cache.read(digestOf(new Uint8Array([1])))).toBeUndefined();
  });

  it("does not answer with content that was cut", async () => {
    const cache = createContentCache(dir, () => NOW);
    await cache.write(digest, bytes);

    await truncate(pathOf(), 5);

    expect(await cache.read(digest)).toBeUndefined();
  });

  it("is no cache where it cannot write", async () => {
    await writeFile(join(dir, "file"), "");
    const cache = createContentCache(join(dir, "file"), () => NOW);

    await cache.write(digest, bytes);
    await cache.sweep();

    expect(await cache.read(digest)).toBeUndefined();
  });

  it("forgets what nobody asked for in 30 days", async () => {
    const cache = createContentCache(dir, () => NOW);
    await cache.write(digest, bytes);
    const long = new Date(NOW.getTime() - 31 * 86_400_000);
    await utimes(pathOf(), long, long);

    await cache.sweep();

    expect(await cache.read(digest)).toBeUndefined();
  });

  it("keeps what was read within 30 days", async () => {
    const cache = createContentCache(dir, () => NOW);
    await cache.write(digest, bytes);
    const long = new Date(NOW.getTime() - 31 * 86_400_000);
    await utimes(pathOf(), long, long);
    await cache.read(digest);

    await cache.sweep();

    expect(await readdir(join(dir, "sha256"))).toHaveLength(1);
    expect(await cache.read(digest)).toEqual(Buffer.from(bytes));
  });
});

function pathOf(): string {
  const [algorithm, hex] = splitDigest(digest);
  return join(dir, algorithm, hex.slice(0, 2), hex);
}
