import { readJournalFiles, readStateJournals } from "../../journal/journal-files.ts";
import type { ReadJournal } from "../../journal/journal-lines.ts";
import type { JournalSource } from "../../journal/journal-source.ts";
import { readRegistryJournals } from "../../journal/registry-journals.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";

/** Journals of every repository that lie in a place, the newest first; those of one repository when it is named. */
export async function readJournals(
  source: JournalSource,
  repository: Repository | undefined,
  deps: Pick<CommandDeps, "openRegistry" | "signal">,
): Promise<ReadJournal[]> {
  if (source.kind !== "registry") {
    const read = source.kind === "files" ? readJournalFiles : readStateJournals;
    const journals = await read(source.path);
    if (repository === undefined) return journals;
    const name = formatRepository(repository);
    return journals.filter((journal) => journal.repository === name);
  }
  if (repository === undefined) {
    throw new UsageError("journals in a registry lie in a repository: name it by --repo");
  }
  await using registry = await deps.openRegistry(repository);
  const run = source.run === undefined ? {} : { run: source.run };
  return await readRegistryJournals(registry, repository, { ...run, signal: deps.signal });
}

/** The place in words: `the repository` for journals in a registry. */
export function describePlace(source: JournalSource): string {
  return source.kind === "registry" ? "the repository" : source.path;
}
