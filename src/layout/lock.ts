import { link, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "../registry/error.ts";
import type { CallOptions } from "../registry/registry.ts";
import type { TemporaryPath } from "./durable.ts";
import { systemCode } from "./errors.ts";
import { isGone, parseOwner } from "./owner.ts";
import type { Owner } from "./owner.ts";

export interface LockOptions {
  /** The adapter, as errors begin. */
  readonly who: string;
  readonly path: string;
  readonly owner: Owner;
  readonly temporaryPath: TemporaryPath;
  /** Milliseconds spent waiting for another process before giving up. */
  readonly waitMs: number;
}

/** Longer than any change; a garbage collection of a large layout stays below it on a slow disk. */
export const LOCK_WAIT_MS = 120_000;

const FIRST_DELAY_MS = 2;
const MAX_DELAY_MS = 50;

/**
 * Runs `action` while no other process runs one under the same lock file.
 *
 * The file names its process and that process's start, so that one a killed process left behind is taken
 * over. Rejects with `conflict` when a live process holds it for too long.
 */
export async function withLock<T>(
  options: LockOptions,
  callOptions: CallOptions,
  action: () => Promise<T>,
): Promise<T> {
  await using _ = await acquireLock(options, callOptions);
  return await action();
}

/** As `withLock`, until it is disposed. */
export async function acquireLock(
  options: LockOptions,
  { signal }: CallOptions,
): Promise<AsyncDisposable> {
  await acquire(options, signal);
  return { [Symbol.asyncDispose]: () => rm(options.path, { force: true }) };
}

async function acquire(options: LockOptions, signal: AbortSignal | undefined): Promise<void> {
  let waited = 0;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, MAX_DELAY_MS)) {
    signal?.throwIfAborted();
    if (await tryAcquire(options)) return;
    const holder = await readHolder(options.path);
    if (holder === undefined || (await breakStale(options, holder, signal))) continue;
    if (waited >= options.waitMs) throw heldTooLong(options, holder);
    await sleep(delay);
    waited += delay;
  }
}

/** `link` fails when the name is taken, and the name never shows a file without its holder in it. */
async function tryAcquire({ path, temporaryPath }: LockOptions): Promise<boolean> {
  const temporary = temporaryPath();
  await writeFile(temporary, basename(temporary), { flag: "wx" });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Removes the lock of a process that is gone; answers whether it was.
 *
 * Two processes may see the same stale file, and the slower one must not remove the lock the faster one has
 * taken since. So the removal is itself under a lock, one for each holder there ever was, and looks again.
 */
async function breakStale(
  options: LockOptions,
  holder: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const owner = ownerOf(holder);
  if (owner === undefined || !(await isGone(owner, options.owner))) return false;
  const path = join(dirname(options.temporaryPath()), `break-${holder}`);
  await withLock({ ...options, path }, signal === undefined ? {} : { signal }, async () => {
    if ((await readHolder(options.path)) === holder) await rm(options.path, { force: true });
  });
  return true;
}

/** Name of the temporary file the lock was made from: unlike any other lock's. */
async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function ownerOf(holder: string): Owner | undefined {
  return parseOwner(holder.split(".")[0] ?? "");
}

function heldTooLong(
  { who: adapter, path, owner, waitMs }: LockOptions,
  holder: string,
): RegistryError {
  const other = ownerOf(holder);
  const elsewhere = other?.machine === owner.machine ? "" : " of another machine or container";
  const who = other === undefined ? "something unknown" : `process ${other.pid}${elsewhere}`;
  return new RegistryError(
    "conflict",
    `${adapter}: ${path} has been held by ${who} for more than ${waitMs / 1000} s`,
    { hint: `wait for it to end; if there is no such process, remove ${path}` },
  );
}
