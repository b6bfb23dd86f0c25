import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { Garbage } from "../../src/registry/registry.ts";
import type { Paths } from "./directory.ts";
import { syncDirectory } from "../../src/layout/durable.ts";
import { systemCode } from "../../src/layout/errors.ts";
import { closure, hasLinks } from "../../src/layout/links.ts";
import type { LinkReader, Links } from "../../src/layout/links.ts";
import { isGone, parseOwner } from "../../src/layout/owner.ts";
import type { Owner } from "../../src/layout/owner.ts";
import type { OpenChange } from "./store.ts";

export interface Collection {
  readonly paths: Paths;
  readonly change: OpenChange;
  readonly readLinks: LinkReader;
  readonly owner: Owner;
  readonly now: Date;
  /** Milliseconds a file must have been left alone. */
  readonly graceMs: number;
  readonly signal?: AbortSignal;
}

interface StoredFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

interface Stray extends StoredFile {
  readonly digest: Digest;
  /** Absent when the bytes do not hash to the digest. */
  readonly links: Links | undefined;
}

/** An upload whose process cannot be asked after is given up when it was not written to for so long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Removes what nothing reaches from index.json and what killed processes left; only under the lock.
 *
 * A manifest that is reachable but damaged stops it: what it named is unknown. Throws `conflict` when another
 * tool writes index.json meanwhile; what was removed until then nobody had named.
 */
export async function collect(collection: Collection): Promise<Garbage> {
  const { paths, change, readLinks, now, graceMs, signal } = collection;
  const { catalog } = change;
  const roots = [...catalog.tagged(), ...catalog.untagged()].map(({ digest }) => digest);
  const reached = await closure(readLinks, roots);
  const strays = await findStrays(collection, reached);
  const isOld = (file: StoredFile): boolean => file.modifiedAt <= now.getTime() - graceMs;
  await keepWhatBelongs(strays, { reached, readLinks, isOld });

  const blobs = strays
    .filter((stray) => !reached.has(stray.digest) && isOld(stray))
    // A manifest before what it names, so that one that is still there is whole.
    .sort((a, b) => rank(a) - rank(b));
  if (blobs.length > 0 && !(await change.isCurrent())) throw changedMeanwhile(paths);
  for (const { path } of blobs) {
    signal?.throwIfAborted();
    await rm(path, { force: true });
  }
  const leftovers = await findLeftovers(collection);
  for (const { path } of leftovers) await rm(path, { force: true });
  for (const directory of blobs.length > 0 ? await algorithms(paths) : []) {
    await syncDirectory(directory);
  }
  const bytes = [...blobs, ...leftovers].reduce((sum, { size }) => sum + size, 0);
  return { blobs: blobs.length, bytes };
}

function rank({ links }: Stray): number {
  return links !== undefined && hasLinks(links) ? 0 : 1;
}

async function findStrays(
  { paths, readLinks, signal }: Collection,
  reached: ReadonlySet<Digest>,
): Promise<readonly Stray[]> {
  const strays: Stray[] = [];
  for (const directory of await algorithms(paths)) {
    const algorithm = directory.slice(paths.blobs.length + 1);
    for (const name of await readdir(directory)) {
      signal?.throwIfAborted();
      const digest = `${algorithm}:${name}`;
      if (!isDigest(digest) || reached.has(digest)) continue;
      const file = await statOptional(join(directory, name));
      if (file !== undefined) strays.push({ ...file, digest, links: await linksOf(digest) });
    }
  }
  return strays;

  async function linksOf(digest: Digest): Promise<Links | undefined> {
    try {
      return await readLinks(digest);
    } catch (error) {
      if (isRegistryError(error, "protocol")) return undefined;
      throw error;
    }
  }
}

/**
 * Adds to `reached` what strays keep: a referrer of something reached belongs to it, and a young manifest may
 * be about to get its tag.
 */
async function keepWhatBelongs(
  strays: readonly Stray[],
  {
    reached,
    readLinks,
    isOld,
  }: {
    readonly reached: Set<Digest>;
    readonly readLinks: LinkReader;
    readonly isOld: (file: StoredFile) => boolean;
  },
): Promise<void> {
  const belongs = ({ links, ...stray }: Stray): boolean =>
    links !== undefined &&
    ((links.subject !== undefined && reached.has(links.subject)) ||
      (hasLinks(links) && !isOld(stray)));
  for (;;) {
    const added = strays.filter((stray) => !reached.has(stray.digest) && belongs(stray));
    if (added.length === 0) return;
    const digests = added.map(({ digest }) => digest);
    for (const digest of await closure(readLinks, digests)) reached.add(digest);
  }
}

/** Temporary files of processes that are gone. */
async function findLeftovers({
  paths,
  owner,
  now,
  graceMs,
}: Collection): Promise<readonly StoredFile[]> {
  const leftovers: StoredFile[] = [];
  for (const name of await readdir(paths.temporary)) {
    const file = await statOptional(join(paths.temporary, name));
    if (file === undefined) continue;
    const other = parseOwner(name.split(".")[0] ?? "");
    const gone = other !== undefined && (await isGone(other, owner));
    const patience = gone ? graceMs : Math.max(graceMs, ABANDONED_MS);
    if (file.modifiedAt <= now.getTime() - patience) leftovers.push(file);
  }
  return leftovers;
}

async function algorithms({ blobs }: Paths): Promise<readonly string[]> {
  const entries = await readdir(blobs, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(blobs, name));
}

async function statOptional(path: string): Promise<StoredFile | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return undefined;
    return { path, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs) };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function changedMeanwhile({ index }: Paths): RegistryError {
  return new RegistryError(
    "conflict",
    `layout: another tool wrote ${index} while garbage was collected; nothing was removed`,
    { hint: "run again when that tool has ended" },
  );
}
