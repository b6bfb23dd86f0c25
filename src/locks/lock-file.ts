import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { z } from "zod";

import type { LeaseHolder } from "../stages/lease.ts";

const Holder = z.object({
  run: z.string(),
  host: z.string(),
  pid: z.int().positive(),
  machine: z.string().optional(),
  started: z.string().optional(),
});

/** A lock that a file stands for. */
export interface LockFile {
  /** Whether the file is still this run's. */
  isHeld(): Promise<boolean>;
  /** Removes the file, if it is still this run's. */
  release(): Promise<void>;
}

export type LockAttempt =
  | { readonly kind: "taken"; readonly lock: LockFile }
  /** `holder` is absent where the file does not say whose it is. */
  | { readonly kind: "busy"; readonly path: string; readonly holder?: LeaseHolder };

/** Times that a file of a dead process is moved out of the way before the lock is called busy. */
const MAX_TAKEOVERS = 3;

/**
 * Tries to take a lock on one machine. It outlives nobody: the file of a dead process is taken over.
 *
 * The file appears whole or not at all, and only one process can make it. Whoever moves a dead one's file away looks
 * afterwards at what it moved, and puts back what was another's.
 */
export async function tryLockFile(
  path: string,
  holder: LeaseHolder,
  isGone: (holder: LeaseHolder) => Promise<boolean>,
): Promise<LockAttempt> {
  const own = `${JSON.stringify(holder)}\n`;
  const aside = `${path}.${holder.run}`;
  await mkdir(dirname(path), { recursive: true });
  for (let takeover = 0; takeover < MAX_TAKEOVERS; takeover += 1) {
    if (await create(path, aside, own)) return { kind: "taken", lock: lockOf(path, own) };
    const text = await read(path);
    if (text === undefined) continue;
    const other = parseHolder(text);
    if (other === undefined || !(await isGone(other))) return busy(path, other);
    await moveAside(path, aside, text);
  }
  const text = await read(path);
  return busy(path, text === undefined ? undefined : parseHolder(text));
}

function busy(path: string, holder: LeaseHolder | undefined): LockAttempt {
  return { kind: "busy", path, ...(holder === undefined ? {} : { holder }) };
}

function lockOf(path: string, own: string): LockFile {
  const isHeld = async (): Promise<boolean> => (await read(path)) === own;
  return {
    isHeld,
    async release() {
      if (await isHeld()) await rm(path, { force: true });
    },
  };
}

/** Makes the file with its content in one step; answers whether it was not there. */
async function create(path: string, aside: string, text: string): Promise<boolean> {
  await writeFile(aside, text, { mode: 0o600 });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return false;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Takes the file of a dead process away; what turns out to be another's by then is put back. */
async function moveAside(path: string, aside: string, dead: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    if ((await read(aside)) === dead) return;
    await link(aside, path);
  } catch (error) {
    // A third process took the lock meanwhile: the owner of the moved file finds that out by `isHeld`.
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseHolder(text: string): LeaseHolder | undefined {
  try {
    const { machine, started, ...holder } = Holder.parse(JSON.parse(text));
    return {
      ...holder,
      ...(machine === undefined ? {} : { machine }),
      ...(started === undefined ? {} : { started }),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
