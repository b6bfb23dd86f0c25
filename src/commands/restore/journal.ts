import type { JournalEntry } from "../../journal/entry.ts";
import type { ReadJournal } from "../../journal/journal-lines.ts";
import type { JournalSource } from "../../journal/journal-source.ts";
import type { Repository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import { describePlace, readJournals } from "./read-journals.ts";

/** One journal in a list. */
export interface JournalSummary extends Omit<ReadJournal, "entries"> {
  /** How many manifests went. */
  readonly manifests: number;
  /** How many tags went, with them or alone. */
  readonly tags: number;
}

export interface JournalRequest {
  readonly source: JournalSource;
  readonly repository?: Repository;
}

/** Tells which journals there are, the newest first. */
export async function runJournalList(
  { source, repository }: JournalRequest,
  deps: CommandDeps,
): Promise<readonly JournalSummary[]> {
  const journals = await readJournals(source, repository, deps);
  return journals.map(({ entries, ...journal }) => ({
    ...journal,
    manifests: entries.filter(({ how }) => how === "manifest").length,
    tags: entries.reduce((sum, { tags }) => sum + tags.length, 0),
  }));
}

/** What the journals of a place hold. Rejects with `UsageError` when there is none. */
export async function runJournalShow(
  { source, repository }: JournalRequest,
  deps: CommandDeps,
): Promise<readonly ReadJournal[]> {
  const journals = await readJournals(source, repository, deps);
  if (journals.length > 0) return journals;
  const where = describePlace(source);
  throw new UsageError(`no journal lies in ${where}`);
}

/** How many manifests went along with an entry's own. */
export function countAlong({ children = [], referrers = [] }: JournalEntry): number {
  return children.length + referrers.length;
}
