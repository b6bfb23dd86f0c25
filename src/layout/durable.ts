import { open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "./errors.ts";
import { formatOwner } from "./owner.ts";
import type { Owner } from "./owner.ts";

/** Makes paths for temporary files of this process: `DIRECTORY/OWNER.NUMBER`. */
export type TemporaryPath = () => string;

export function temporaryPaths(directory: string, owner: Owner): TemporaryPath {
  // Several sessions of one process share the directory.
  const session = process.hrtime.bigint().toString(36);
  let next = 0;
  return () => join(directory, `${formatOwner(owner)}.${session}-${next++}`);
}

export interface DurableWrite {
  readonly path: string;
  /** In the same file system as `path`. */
  readonly temporary: string;
  readonly bytes: Uint8Array | string;
}

/**
 * Replaces a file as a whole: after a crash at any point either the old or the new bytes are there. Answers
 * the new file's stamp.
 */
export async function writeDurably({ path, temporary, bytes }: DurableWrite): Promise<string> {
  let stamp = NO_FILE;
  await fillTemporary(temporary, async (file) => {
    await file.writeFile(bytes);
    await file.sync();
    stamp = stampFrom(await file.stat({ bigint: true }));
  });
  await rename(temporary, path);
  await syncDirectory(dirname(path));
  return stamp;
}

/** Opens a new file for `fill`, and removes it again when that fails. */
export async function fillTemporary(
  temporary: string,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(temporary, "wx");
  try {
    await fill(file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Makes renames and removals in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Stamp of a file that is not there. */
export const NO_FILE = "none";

/** Tells a file from what it was before or after any change: inode, size, modification time. */
export async function stampOf(path: string): Promise<string> {
  try {
    return stampFrom(await stat(path, { bigint: true }));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return NO_FILE;
    throw error;
  }
}

export function stampFrom(stats: {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}): string {
  return `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}

/** The bytes and the stamp of a file, or `undefined` when it is not there. */
export async function readStamped(
  path: string,
): Promise<{ readonly bytes: Buffer; readonly stamp: string } | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    // Before the bytes: what is written meanwhile makes the stamp differ, not the bytes stale.
    const stamp = stampFrom(await file.stat({ bigint: true }));
    return { bytes: await file.readFile(), stamp };
  } finally {
    await file.close();
  }
}
