import { randomBytes } from "node:crypto";
import {
  chown,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { CredentialsError } from "./error.ts";

/** Waits for a lock that a file stands for, and takes it. The file's directory is there. */
export type LockFile = (path: string) => Promise<{ release(): Promise<void> }>;

/** More links than this lead in a circle. Source: Linux, path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Changes a small file that holds secrets: reads it, and puts another in its place in one step, for its owner's eyes only.
 * Whoever else changes it in this way waits. A symbolic link stays one: what it names is changed. What a writer that was
 * killed left behind is removed.
 *
 * @param edit Given the text, or `undefined` when there is no file; answers the text to write, or `undefined` for none.
 * Rejects with `CredentialsError`, or as `edit` does.
 */
export async function replaceFile(
  path: string,
  lock: LockFile,
  edit: (text: string | undefined) => string | undefined,
): Promise<void> {
  try {
    const target = await followLinks(path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const held = await lock(`${target}.lock`);
    try {
      await removeLeftovers(target);
      const text = edit(await readIfThere(target));
      if (text !== undefined) await write(target, text);
    } finally {
      await held.release();
    }
  } catch (error) {
    throw asCredentialsError(path, error);
  }
}

async function write(target: string, text: string): Promise<void> {
  const temporary = `${target}.tidemark-${randomBytes(8).toString("hex")}`;
  try {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(text);
    await file.sync();
    await keepOwner(target, temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** For an administrator who logs a user in. */
async function keepOwner(target: string, temporary: string): Promise<void> {
  try {
    const { uid, gid } = await stat(target);
    const ours = await stat(temporary);
    if (uid !== ours.uid || gid !== ours.gid) await chown(temporary, uid, gid);
  } catch (error) {
    // No file before this one; or one of somebody else that we may replace but not give away, as docker does too.
    if (!isSystemError(error, "ENOENT", "EPERM")) throw error;
  }
}

async function removeLeftovers(target: string): Promise<void> {
  const name = basename(target);
  for (const other of await readdir(dirname(target))) {
    const isOurs = other.startsWith(`${name}.tidemark-`) && /-[0-9a-f]{16}$/.test(other);
    if (isOurs) await rm(join(dirname(target), other), { force: true });
  }
}

/** Where the links end, whether anything is there or not. */
async function followLinks(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const next = await linkAt(target);
    if (next === undefined) return target;
    target = resolve(dirname(target), next);
  }
  throw new CredentialsError(`${path}: its symbolic links lead in a circle`);
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

function asCredentialsError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  const isMounted = isSystemError(error, "EBUSY");
  const why = isMounted ? MOUNTED : error.message;
  return new CredentialsError(`cannot change ${path}: ${why}`, { cause: error });
}

const MOUNTED =
  "it is mounted by itself, so no other file can take its place; name another directory with --docker-config";

function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
