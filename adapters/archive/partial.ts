import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { createCatalog } from "../../src/layout/catalog.ts";
import type { Catalog } from "../../src/layout/catalog.ts";
import { stampOf, syncDirectory, temporaryPaths } from "../../src/layout/durable.ts";
import { EMPTY_INDEX, formatIndexFile } from "../../src/layout/index-file.ts";
import { LAYOUT_FILE } from "../../src/layout/layout-file.ts";
import { acquireLock } from "../../src/layout/lock.ts";
import type { Owner } from "../../src/layout/owner.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { readRange } from "../../src/tar/range.ts";
import type { TarFile } from "../../src/tar/table.ts";
import type { LastFile, WriteNext } from "../../src/tar/writer.ts";
import { INDEX, beginPartial } from "./begin.ts";
import type { Begun } from "./begin.ts";
import { WHO, noArchive } from "./errors.ts";
import { blobPath, openArchive } from "./reading.ts";
import type { OpenArchive, ReadOptions } from "./reading.ts";
import { digestIn } from "./whole.ts";

/** An archive while something is added to it. It has its name only when it is finished. */
export interface PartialArchive {
  readonly catalog: Catalog;
  find(digest: Digest): TarFile | undefined;
  add(
    blob: Pick<Descriptor, "digest" | "size">,
    fill: (write: WriteNext) => Promise<void>,
  ): Promise<void>;
  /**
   * Puts the archive in its place when a tag or a manifest was added since; else leaves what arrived for the next run.
   * Rejects with `conflict` when somebody else wrote the archive meanwhile.
   */
  finish(): Promise<void>;
}

export interface PartialOptions extends ReadOptions {
  readonly owner: Owner;
  readonly now: () => Date;
}

const COMPRESSED = /\.(?:gz|tgz|zst|bz2|xz)$/i;

/** Opens the archive at `path` for writing. Rejects with `conflict` while another process writes it. */
export async function openPartial(path: string, options: PartialOptions): Promise<PartialArchive> {
  if (COMPRESSED.test(path)) throw compressed(path);
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const partial = `${path}.partial`;
  const { owner, signal } = options;
  await using lock = new AsyncDisposableStack();
  lock.use(
    await acquireLock(
      {
        who: WHO,
        path: `${partial}.lock`,
        owner,
        temporaryPath: temporaryPaths(directory, owner),
        waitMs: 0,
      },
      { signal },
    ),
  );
  const stamp = await stampOf(path);
  const base = await openArchive(path, options);
  if (base !== undefined) {
    lock.defer(() => base.file.close());
    if (!base.isPlain) throw compressed(path);
  }
  const begun = await beginPartial(partial, { path, base, signal });
  lock.defer(() => begun.file.close());
  const resources = lock.move();
  return await createPartial({ path, partial, stamp, base, begun, resources, now: options.now });
}

interface Parts {
  readonly path: string;
  readonly partial: string;
  /** Of the file at `path` when the lock was taken. */
  readonly stamp: string;
  readonly base: OpenArchive | undefined;
  readonly begun: Begun;
  readonly resources: AsyncDisposableStack;
  readonly now: () => Date;
}

async function createPartial(parts: Parts): Promise<PartialArchive> {
  const { path, partial, stamp, base, begun, resources, now } = parts;
  const { file, writer, entries, isTakenUp } = begun;
  const { entries: _, ...emptyIndex } = EMPTY_INDEX;
  const index = base?.index ?? emptyIndex;
  const catalog = base?.catalog ?? createCatalog([]);
  const { version } = catalog;
  const own = new Map<Digest, TarFile>();
  let isGrown = isTakenUp;
  for (const entry of entries) {
    const digest = digestIn(entry);
    if (digest !== undefined) own.set(digest, fileAt(entry));
  }

  return {
    catalog,
    find: (digest) => own.get(digest) ?? base?.find(digest),
    async add({ digest, size }, fill) {
      const modified = seconds(now());
      const place = await writer.add({ path: blobPath(digest), size, modified }, fill);
      own.set(digest, fileAt({ ...place, modified }));
      isGrown = true;
    },
    async finish() {
      try {
        if (catalog.version !== version) await putInPlace();
        else if (!isGrown) await rm(partial, { force: true });
      } finally {
        await resources.disposeAsync();
      }
    },
  };

  async function putInPlace(): Promise<void> {
    if (!entries.some((entry) => entry.path.replace(/^\.\//, "") === "oci-layout")) {
      const { bytes, ...header } = textFile("oci-layout", LAYOUT_FILE);
      await writer.add({ ...header, size: bytes.length }, (write) => write(bytes));
    }
    const all = [...catalog.tagged(), ...catalog.untagged()];
    await writer.end(textFile(INDEX, formatIndexFile({ ...index, entries: all })));
    if ((await stampOf(path)) !== stamp) throw changedMeanwhile(path, partial);
    await rename(partial, path);
    await syncDirectory(dirname(path));
  }

  function textFile(name: string, text: string): LastFile {
    return { path: name, bytes: Buffer.from(text), modified: seconds(now()) };
  }

  function fileAt({
    start,
    size,
    modified,
  }: {
    readonly start: number;
    readonly size: number;
    readonly modified: number;
  }): TarFile {
    return {
      size,
      modified,
      open: (from, signal) => readRange(file, { start: start + from, end: start + size, signal }),
    };
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function compressed(path: string): RegistryError {
  return noArchive(
    path,
    "cannot be written: archives are written as they are, neither compressed nor into a pipe",
    "name a file that ends in .tar, and compress it afterwards",
  );
}

function changedMeanwhile(path: string, partial: string): RegistryError {
  return new RegistryError(
    "conflict",
    `archive: ${path} was changed by another program meanwhile`,
    {
      hint: `what this run wrote is in ${partial}; run it again to add it to the archive as it is by then`,
    },
  );
}
