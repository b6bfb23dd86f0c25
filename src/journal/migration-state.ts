import { mkdir, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Digest } from "../oci/digest.ts";
import { JournalError } from "./journal-error.ts";
import { readIfThere } from "./whole-file.ts";

/** Which migration a state is of. */
export interface MigrationStateHeader {
  readonly kind: "tidemark-migration";
  readonly schema: 1;
  /** As the addresses are spelled out, several joined by a space. */
  readonly from: string;
  readonly to: string;
}

/** How long arrivals are gathered. Milliseconds. A run that is killed meanwhile leaves it to the next to ask the target. */
const GATHER_MS = 50;

export type Arrival = "blob" | "manifest";

/**
 * What has arrived in the target, so that a run that was killed is gone on with.
 *
 * It is told after the fact and never the reason to call anything done: what it says is believed until the target says
 * otherwise.
 */
export interface MigrationState extends AsyncDisposable {
  /** Absolute path. */
  readonly place: string;
  /** Whether a run that did not come to its end left it behind. */
  readonly isResumed: boolean;
  /** @param to `host/name` of the target. */
  has(to: string, what: Arrival, digest: Digest): boolean;
  /** Notes an arrival. It is written down soon after. */
  add(to: string, what: Arrival, digest: Digest): void;
  /** The target lacks it after all. */
  forget(to: string, what: Arrival, digest: Digest): void;
  /** Why the last arrivals are not written down, one line; a run that is killed then sends them again. */
  trouble(): string | undefined;
  /** There is nothing left to go on with: the file is removed. */
  finish(): Promise<void>;
}

/** Opens the state of a migration, and makes it when it is not there. Rejects with `JournalError`. */
export async function openMigrationState(
  path: string,
  header: MigrationStateHeader,
): Promise<MigrationState> {
  const text = await orJournalError(path, "read", () => readIfThere(path));
  const earlier = text === undefined ? undefined : await parse(text, header, path);
  const arrived = new Set(earlier);
  const isCut = earlier !== undefined && text?.endsWith("\n") === false;
  const file = await orJournalError(path, "written", () =>
    earlier === undefined
      ? begin(path, "w", `${JSON.stringify(header)}\n`)
      : begin(path, "a", isCut ? "\n" : ""),
  );
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  let trouble: string | undefined;
  let isOpen = true;
  const closing = Promise.withResolvers<void>();

  return {
    place: path,
    isResumed: earlier !== undefined,
    has: (...of) => arrived.has(nameOf(...of)),
    add(...of) {
      const name = nameOf(...of);
      if (arrived.has(name)) return;
      arrived.add(name);
      waiting.push(`${name}\n`);
      writing ??= write();
    },
    forget: (...of) => void arrived.delete(nameOf(...of)),
    trouble: () => trouble,
    async finish() {
      await close();
      await orJournalError(path, "removed", () => rm(path, { force: true }));
    },
    [Symbol.asyncDispose]: close,
  };

  /** What comes within a moment goes out in one piece. */
  async function write(): Promise<void> {
    while (waiting.length > 0) {
      if (isOpen)
        await Promise.race([closing.promise, sleep(GATHER_MS, undefined, { ref: false })]);
      const lines = waiting.join("");
      waiting = [];
      try {
        await file.appendFile(lines);
      } catch (error) {
        trouble = `the state of the migration cannot be written to ${path}: ${codeOf(error)}`;
      }
    }
    writing = undefined;
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    closing.resolve();
    await writing;
    await file.close();
  }
}

async function parse(
  ...file: readonly [text: string, header: MigrationStateHeader, path: string]
): Promise<readonly string[] | undefined> {
  const { parseMigrationState } = await import("./migration-state-lines.ts");
  return parseMigrationState(...file);
}

/** A line of the file, which is JSON, and what stands for it in memory. */
function nameOf(to: string, what: Arrival, digest: Digest): string {
  return `[${JSON.stringify(to)},"${what}","${digest}"]`;
}

async function begin(path: string, flags: "a" | "w", text: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, flags, 0o600);
  try {
    await file.appendFile(text);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function orJournalError<Value>(
  path: string,
  done: string,
  action: () => Promise<Value>,
): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    throw new JournalError(
      `the state of the migration cannot be ${done}: ${path}: ${codeOf(error)}; name another file by --state`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
