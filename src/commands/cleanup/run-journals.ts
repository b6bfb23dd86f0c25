import type { Journal } from "../../journal/journal.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import type { Home } from "./homes.ts";

/** The journals of one run: one a repository, however often the run comes back to it. */
export interface RunJournals extends AsyncDisposable {
  of(home: Home): Promise<Journal>;
}

export function createRunJournals(
  project: string,
  { openJournal, now }: Pick<CommandDeps, "openJournal" | "now">,
): RunJournals {
  const startedAt = now().toISOString();
  const journals = new Map<string, Journal>();
  return {
    async of({ registry, repository: { host, name } }) {
      const repository = formatRepository({ host, name });
      const known = journals.get(repository);
      if (known !== undefined) return known;
      const header = {
        kind: "tidemark-journal",
        schema: 2,
        repository,
        project,
        startedAt,
      } as const;
      const journal = await openJournal(header, registry);
      journals.set(repository, journal);
      return journal;
    },
    async [Symbol.asyncDispose]() {
      for (const journal of journals.values()) await journal[Symbol.asyncDispose]();
    },
  };
}
