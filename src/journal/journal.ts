import { access, constants, mkdir, open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import type { JournalEntry } from "./entry.ts";
import { JournalError } from "./journal-error.ts";

/** First line of a journal: which run wrote it. */
export interface JournalHeader {
  readonly kind: "tidemark-journal";
  readonly schema: 2;
  /** `host/name` or `oci:/path`. */
  readonly repository: string;
  readonly project: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
}

/** What was deleted: complete up to the last entry whose `append` resolved. */
export interface Journal extends AsyncDisposable {
  /**
   * Where it lies, as `tidemark restore` takes it: the absolute path of a file, or `registry:RUN`. Settled with the first
   * append.
   */
  readonly place: string;
  /** How many entries are worth an append of their own. */
  readonly batch: number;
  /** Rejects with `JournalError` when it is plain that nothing can be written. Leaves no journal behind. */
  check(): Promise<void>;
  /** Resolves when the entries are safe. Rejects with `JournalError`. */
  append(entries: readonly JournalEntry[]): Promise<void>;
}

/**
 * Starts a journal in `directory`, one file a run and repository: JSON lines, a header first. The file appears with the
 * first entry, so a run that deletes nothing leaves none.
 */
export function createJournal(directory: string, header: JournalHeader): Journal {
  const base = join(directory, `${header.startedAt.replaceAll(":", "-")}-${process.pid}`);
  let path = `${base}.jsonl`;
  let file: FileHandle | undefined;
  return {
    get place() {
      return path;
    },
    batch: 1,
    async check() {
      try {
        await mkdir(directory, { recursive: true });
        await access(directory, constants.W_OK);
      } catch (error) {
        throw cannotWrite(directory, error);
      }
    },
    async append(entries) {
      try {
        file ??= await begin();
        await file.appendFile(journalText(entries));
        await file.datasync();
      } catch (error) {
        throw cannotWrite(directory, error);
      }
    },
    async [Symbol.asyncDispose]() {
      await file?.close();
    },
  };

  /** Never writes into the file of another run, or of this run's other repositories. */
  async function create(): Promise<FileHandle> {
    for (let at = 2; ; at += 1) {
      try {
        return await open(path, "ax", 0o600);
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        path = `${base}-${at}.jsonl`;
      }
    }
  }

  async function begin(): Promise<FileHandle> {
    await mkdir(directory, { recursive: true });
    const begun = await create();
    try {
      await begun.appendFile(journalText([header]));
      await syncDirectory(directory);
      return begun;
    } catch (error) {
      await begun.close();
      throw error;
    }
  }
}

function cannotWrite(directory: string, error: unknown): JournalError {
  return new JournalError(
    `the journal cannot be written in ${directory}: ${codeOf(error)}; name another directory by --journal`,
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Lines of JSON. */
export function journalText(values: readonly (JournalHeader | JournalEntry)[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** Makes sure that the file's name is on the disk as well as its content. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
