import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";

import { createCatalog } from "../../src/layout/catalog.ts";
import type { Catalog } from "../../src/layout/catalog.ts";
import { systemCode } from "../../src/layout/errors.ts";
import { parseIndexFile } from "../../src/layout/index-file.ts";
import type { IndexFile } from "../../src/layout/index-file.ts";
import { isKnownVersion, layoutVersion } from "../../src/layout/layout-file.ts";
import { parseLog } from "../../src/layout/log.ts";
import { splitDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { openArchiveFile } from "../../src/tar/open-archive.ts";
import { readTarTable } from "../../src/tar/table.ts";
import type { TarFile, TarTable } from "../../src/tar/table.ts";
import { asArchive, damaged, noArchive } from "./errors.ts";

/** An archive as it was when it was opened. */
export interface OpenArchive {
  readonly file: FileHandle;
  /** The bytes that are read are those of the file: it is no pipe and not compressed. */
  readonly isPlain: boolean;
  readonly catalog: Catalog;
  readonly index: Omit<IndexFile, "entries">;
  find(digest: Digest): TarFile | undefined;
}

export interface ReadOptions {
  /** Where what cannot be read at any place is unpacked. */
  readonly tempDir: string;
  readonly signal: AbortSignal;
}

/** Most entries of an archive: some for each of several hundred thousand tags. */
const MAX_ENTRIES = 2_000_000;

/** Most bytes of `index.json`: a hundred thousand tags take about twenty million. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/** Changes of a directory that are not in its index yet. Source: the README of the adapter `layout`. */
const DIRECTORY_LOG = ".tidemark/log";

const MAX_LAYOUT_FILE_BYTES = 64 * 1024;

/** Where a blob lies in an archive. Source: OCI image-spec, image-layout.md. */
export function blobPath(digest: Digest): string {
  return `blobs/${splitDigest(digest).join("/")}`;
}

/** Where archives are unpacked, as the environment names it. */
export function temporaryDirectory({
  TMPDIR,
}: Readonly<Record<string, string | undefined>>): string {
  return TMPDIR === undefined || TMPDIR === "" ? tmpdir() : TMPDIR;
}

/** Opens an archive; `undefined` when there is no file. Rejects with `invalid` and `protocol` for what cannot be trusted. */
export async function openArchive(
  path: string,
  options: ReadOptions,
): Promise<OpenArchive | undefined> {
  if ((await statOf(path)) === undefined) return undefined;
  return await asArchive(path, async () => {
    const file = await openArchiveFile(path, options);
    try {
      const isPlain = isSameFile(await file.stat({ bigint: true }), await statOf(path));
      const table = await readTarTable(file, { ...options, maxEntries: MAX_ENTRIES });
      return { file, isPlain, ...(await readLayout(path, table, options.signal)) };
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** Where a file is: numbers of files are of one file system only. */
type FilePlace = Pick<BigIntStats, "dev" | "ino">;

export function isSameFile({ dev, ino }: FilePlace, other: FilePlace | undefined): boolean {
  return dev === other?.dev && ino === other.ino;
}

async function readLayout(
  path: string,
  table: TarTable,
  signal: AbortSignal,
): Promise<Pick<OpenArchive, "catalog" | "index" | "find">> {
  const layoutFile = table.find("oci-layout");
  const indexFile = table.find("index.json");
  if (layoutFile === undefined || indexFile === undefined) {
    const lacking = layoutFile === undefined ? "oci-layout" : "index.json";
    throw noArchive(path, `holds no OCI image layout: it has no ${lacking}`);
  }
  checkVersion(path, await readText(path, layoutFile, MAX_LAYOUT_FILE_BYTES, signal));
  const parsed = parseIndexFile(await readText(path, indexFile, MAX_INDEX_BYTES, signal));
  if (typeof parsed === "string") throw damaged(path, `its index.json cannot be read: ${parsed}`);
  const { entries, ...index } = parsed;
  const catalog = createCatalog(entries);
  const folded = await applyLog(path, { table, catalog, folded: index.folded, signal });
  return { catalog, index: { ...index, folded }, find: (digest) => table.find(blobPath(digest)) };
}

interface Logged {
  readonly table: TarTable;
  readonly catalog: Catalog;
  /** Number of the last log that the catalog includes. */
  readonly folded: number;
  readonly signal: AbortSignal;
}

/** A directory that was packed while its last changes were not in `index.json` has them in its log. Answers its number. */
async function applyLog(path: string, { table, catalog, folded, signal }: Logged): Promise<number> {
  const file = table.find(DIRECTORY_LOG);
  if (file === undefined) return folded;
  const log = parseLog(Buffer.from(await readText(path, file, MAX_INDEX_BYTES, signal)));
  if (typeof log === "string") throw damaged(path, `its ${DIRECTORY_LOG} cannot be read: ${log}`);
  if (log.number <= folded) return folded;
  for (const change of log.changes) catalog.apply(change);
  return log.number;
}

function checkVersion(path: string, text: string): void {
  let version: unknown;
  try {
    version = layoutVersion(text);
  } catch {
    throw damaged(path, "its oci-layout is not JSON");
  }
  if (isKnownVersion(version)) return;
  throw noArchive(
    path,
    `is of imageLayoutVersion ${JSON.stringify(version)}; this version reads 1.x`,
  );
}

async function readText(
  path: string,
  file: TarFile,
  ...[limit, signal]: [limit: number, signal: AbortSignal]
): Promise<string> {
  if (file.size > limit) throw damaged(path, `an entry of ${file.size} bytes is too large`);
  return Buffer.concat(await Array.fromAsync(file.open(0, signal))).toString("utf8");
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
