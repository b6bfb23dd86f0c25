import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { JournalError } from "./journal-error.ts";
import { parseJournal } from "./journal-lines.ts";
import type { ReadJournal } from "./journal-lines.ts";
import { isMissing } from "./whole-file.ts";

/**
 * The journals of a file, or of every `.jsonl` file in a directory and below it, the newest first. Rejects with
 * `JournalError`.
 */
export async function readJournalFiles(path: string): Promise<ReadJournal[]> {
  const journals: ReadJournal[] = [];
  for (const file of await findFiles(path)) {
    const journal = parseJournal(await orJournalError(file, () => readFile(file, "utf8")), file);
    if (journal !== undefined) journals.push(journal);
  }
  return newestFirst(journals);
}

/** The same; what is not there holds none. */
export async function readStateJournals(path: string): Promise<ReadJournal[]> {
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
  return isThere ? readJournalFiles(path) : [];
}

/** Sorts journals by when their runs began. */
export function newestFirst(journals: readonly ReadJournal[]): ReadJournal[] {
  return journals.toSorted(
    (a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || (a.place < b.place ? -1 : 1),
  );
}

async function findFiles(path: string): Promise<string[]> {
  const found = await orJournalError(path, () => stat(path));
  if (!found.isDirectory()) return [path];
  const entries = await orJournalError(path, () =>
    readdir(path, { recursive: true, withFileTypes: true }),
  );
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".jsonl"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function orJournalError<Value>(path: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new JournalError(`journal ${path} cannot be read: ${code}`, { cause: error });
  }
}
