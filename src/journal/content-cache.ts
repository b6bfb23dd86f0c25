import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { hasDigest, splitDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

/** How long content stays that no run asked for. Milliseconds. */
const UNUSED_MS = 30 * 86_400_000;

/** How old the last use may be before it is noted again, and the last sweep before the next. Milliseconds. */
const DAY_MS = 86_400_000;

/**
 * Manifests and configs that were read before, by digest.
 *
 * What it answers hashes to the digest asked for, so it can be cut, damaged or deleted at any time and only costs requests.
 * It never fails: where it cannot read or write there is no cache.
 */
export interface ContentCache {
  read(digest: Digest): Promise<Uint8Array | undefined>;
  write(digest: Digest, bytes: Uint8Array): Promise<void>;
  /** Removes what no run asked for in 30 days; looks at most once a day. */
  sweep(): Promise<void>;
}

/** A cache in `directory`, a file for each digest. */
export function createContentCache(directory: string, now: () => Date): ContentCache {
  const pathOf = (digest: Digest): string => {
    const [algorithm, hex] = splitDigest(digest);
    return join(directory, algorithm, hex.slice(0, 2), hex);
  };
  /** Whether directories are there: looking for what cannot be there takes longer than all else a run does for it. */
  const shelves = new Map<string, Promise<boolean>>();
  return {
    read: (digest) =>
      orNothing(async () => {
        const path = pathOf(digest);
        const shelf = dirname(path);
        const isShelf = shelves.get(shelf) ?? isThere(shelf);
        shelves.set(shelf, isShelf);
        if (!(await isShelf)) return undefined;
        const bytes = await readFile(path);
        if (!hasDigest(bytes, digest)) return undefined;
        const { mtimeMs } = await stat(path);
        if (now().getTime() - mtimeMs > DAY_MS) await utimes(path, now(), now());
        return bytes;
      }),
    write: (digest, bytes) =>
      orNothing(async () => {
        const path = pathOf(digest);
        const temporary = `${path}.${randomUUID()}`;
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, bytes, { mode: 0o600 });
        await rename(temporary, path);
        shelves.set(dirname(path), Promise.resolve(true));
      }),
    sweep: () =>
      orNothing(async () => {
        const marker = join(directory, "swept");
        const swept = await orNothing(() => stat(marker));
        if (swept !== undefined && now().getTime() - swept.mtimeMs < DAY_MS) return;
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(marker, "");
        for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
          if (!entry.isFile()) continue;
          const path = join(entry.parentPath, entry.name);
          const { mtimeMs } = await stat(path);
          if (now().getTime() - mtimeMs > UNUSED_MS) await rm(path, { force: true });
        }
      }),
  };
}

async function isThere(path: string): Promise<boolean> {
  const found = await orNothing(() => stat(path));
  return found !== undefined;
}

/** What `action` answers, or nothing where the file system refuses. */
async function orNothing<Value>(action: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Error && "code" in error && "syscall" in error) return undefined;
    throw error;
  }
}
