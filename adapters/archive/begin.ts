import { constants, copyFile, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { systemCode } from "../../src/layout/errors.ts";
import { takeUpTar } from "../../src/tar/take-up.ts";
import { walkTar } from "../../src/tar/walk.ts";
import type { TarEntry } from "../../src/tar/walk.ts";
import { isUnfinished } from "../../src/tar/writer.ts";
import type { TarWriter } from "../../src/tar/writer.ts";
import type { OpenArchive } from "./reading.ts";
import { isWhole } from "./whole.ts";

/** Path of the entry that is written last. */
export const INDEX = "index.json";

/** A file that an archive is written into. */
export interface Begun {
  readonly file: FileHandle;
  readonly entries: readonly TarEntry[];
  readonly writer: TarWriter;
  /** Somebody else began it. */
  readonly isTakenUp: boolean;
}

/**
 * Opens the file that takes what is added to an archive: what a run that ended early has left there, where that holds all
 * of `base`; else a copy of `base`, which the file system shares with it where it can; else a new file.
 */
export async function beginPartial(
  partial: string,
  {
    path,
    base,
    signal,
  }: {
    readonly path: string;
    readonly base: OpenArchive | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Begun> {
  const left = await takeUp(partial, { signal, isVerified: true });
  if (left !== undefined) {
    if (await holds(left, base, signal)) return left;
    await left.file.close();
    await rm(partial);
  }
  if (base === undefined) await (await open(partial, "wx")).close();
  else await copyFile(path, partial, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const begun = await takeUp(partial, { signal, isVerified: false });
  if (begun === undefined) throw new Error(`${partial} was removed while it was opened`);
  return begun;
}

/** `undefined` when there is no such file. */
async function takeUp(
  partial: string,
  { signal, isVerified }: { readonly signal: AbortSignal; readonly isVerified: boolean },
): Promise<Begun | undefined> {
  const file = await openOptional(partial);
  if (file === undefined) return undefined;
  try {
    const taken = await takeUpTar(file, {
      signal,
      isWhole: async (entry) => !isVerified || (await isWhole(file, entry, signal)),
      last: INDEX,
    });
    return { file, ...taken, isTakenUp: isVerified };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Whether every entry of `base` that is kept is in the same place: it was begun with this very archive. */
async function holds(
  { entries }: Begun,
  base: OpenArchive | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (base === undefined) return true;
  const places = new Set(entries.map(placeOf));
  for await (const entry of walkTar(base.file, { signal })) {
    const isKept = entry.path !== INDEX && !isUnfinished(entry.path);
    if (isKept && !places.has(placeOf(entry))) return false;
  }
  return true;
}

function placeOf({ path, offset, start, size }: TarEntry): string {
  return `${offset} ${start} ${size} ${path}`;
}

async function openOptional(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
