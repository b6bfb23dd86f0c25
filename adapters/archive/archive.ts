import { createLinkCache } from "../../src/layout/links.ts";
import type { ReadableLayout } from "../../src/layout/reading.ts";
import { createReferrerFinder } from "../../src/layout/referrers.ts";
import { NO_FILE, stampOf } from "../../src/layout/durable.ts";
import type { Catalog } from "../../src/layout/catalog.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { RegistryError, UNREADABLE_DIRECTORY } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { TarFile } from "../../src/tar/table.ts";
import { archiveBlobs } from "./blobs.ts";
import { damaged, translating } from "./errors.ts";
import { createOpening } from "./opening.ts";
import { openPartial } from "./partial.ts";
import type { PartialArchive, PartialOptions } from "./partial.ts";
import { openArchive } from "./reading.ts";
import type { OpenArchive } from "./reading.ts";

/** One archive, as one session knows it. */
export interface Archive extends ReadableLayout, AsyncDisposable {
  readonly path: string;
  find(digest: Digest): Promise<TarFile | undefined>;
  /** The archive with what this session adds to it, which only this session sees until it ends. */
  openForWriting(options: CallOptions): Promise<PartialArchive>;
  /** Runs what looks at the catalog and then changes it, one after the other. */
  inTurn<T>(action: () => Promise<T>): Promise<T>;
}

/** Reads the file at `path`, as it is at each reading, until something is added to it. */
export function createArchive(path: string, options: PartialOptions): Archive {
  let known: (OpenArchive & { readonly stamp: string }) | undefined;
  const opened: OpenArchive[] = [];
  const writing = createOpening((signal) =>
    translating(`write ${path}.partial`, () => openPartial(path, { ...options, signal })),
  );
  let turn: Promise<unknown> = Promise.resolve();
  const blobs = archiveBlobs(path, find);
  const links = createLinkCache(blobs);

  return {
    path,
    blobs,
    links,
    findReferrers: createReferrerFinder(blobs, links.read),
    read: () => translating(`read ${path}`, async () => (await current())?.catalog),
    readExisting: () => translating(`read ${path}`, readExisting),
    missing: (digest) => damaged(path, `${digest} is missing, but index.json names it`),
    find: (digest) => translating(`read ${path}`, () => find(digest)),
    openForWriting: ({ signal = options.signal }) => writing.get(signal),
    async inTurn(action) {
      const mine = turn.then(action);
      turn = mine.catch(() => undefined);
      return await mine;
    },
    async [Symbol.asyncDispose]() {
      const partial = await writing.end();
      known = undefined;
      try {
        if (partial !== undefined) await translating(`write ${path}`, () => partial.finish());
      } finally {
        for (const { file } of opened.splice(0)) await file.close();
      }
    },
  };

  async function readExisting(): Promise<Catalog> {
    const archive = await current();
    if (archive !== undefined) return archive.catalog;
    throw new RegistryError("not-found", `archive: there is no file ${path}`, {
      registryCode: UNREADABLE_DIRECTORY,
      hint: "check the path after archive:; an archive is made by the first push",
    });
  }

  /** What was there at the last reading is at its place still: the file is open, and its like replace it as a whole. */
  async function find(digest: Digest): Promise<TarFile | undefined> {
    const found = writing.current() === undefined ? known?.find(digest) : undefined;
    return found ?? (await current())?.find(digest);
  }

  async function current(): Promise<Pick<OpenArchive, "catalog" | "find"> | undefined> {
    const partial = await writing.current();
    if (partial !== undefined) return partial;
    const stamp = await stampOf(path);
    if (stamp === NO_FILE) return undefined;
    // What is no file can be read once.
    if (known !== undefined && (known.stamp === stamp || !known.isPlain)) return known;
    const archive = await openArchive(path, options);
    if (archive === undefined) return undefined;
    opened.push(archive);
    known = { ...archive, stamp };
    return known;
  }
}
