import { Command } from "commander";

import type { Host } from "./host.ts";
import { repositoryOf } from "./restore.ts";
import { withConnectionOptions } from "./shared-options.ts";
import type { ConnectionFlags } from "./shared-options.ts";

interface JournalListFlags extends ConnectionFlags {
  readonly repo?: string;
  readonly journal?: string;
}

export function journalCommand(host: Host): Command {
  return new Command("journal")
    .summary("list and show what runs wrote down")
    .description("Tells which journals there are and what they hold. Changes nothing.")
    .addCommand(listCommand(host))
    .addCommand(showCommand(host));
}

function listCommand(host: Host): Command {
  const command = new Command("ls")
    .summary("list journals, the newest first")
    .description("Lists the journals of all repositories, or of one.")
    .option("--repo <address>", "those of one repository alone")
    .option(
      "--journal <dir>",
      "where they lie; registry: in the repository itself (default: the user's state directory)",
    );
  return withConnectionOptions(command, host.env).action(
    async (_flags: JournalListFlags, action: Command) => {
      const flags = action.opts<JournalListFlags>();
      const { parseJournalSource } = await import("../journal/journal-source.ts");
      const { journalDirectory } = await import("../compose/state-directory.ts");
      const { runJournalList } = await import("../commands/restore/journal.ts");
      const { printJournals } = await import("./print-journal.ts");
      const source =
        flags.journal === undefined
          ? ({ kind: "state", path: journalDirectory(host.env) } as const)
          : parseJournalSource(flags.journal);
      const request = { source, ...repositoryOf(flags) };
      printJournals(host, flags, await host.run(flags, (deps) => runJournalList(request, deps)));
      host.exit(0);
    },
  );
}

function showCommand(host: Host): Command {
  const command = new Command("show")
    .summary("show what a journal holds")
    .description("Lists what a run deleted: the tags, the manifest, and what went along with it.")
    .argument("<journal>", "file, directory of files, registry or registry:RUN")
    .option("--repo <address>", "repository that the journal is about");
  return withConnectionOptions(command, host.env).action(
    async (journal: string, _flags: JournalListFlags, action: Command) => {
      const flags = action.opts<JournalListFlags>();
      const { parseJournalSource } = await import("../journal/journal-source.ts");
      const { runJournalShow } = await import("../commands/restore/journal.ts");
      const { printJournalContent } = await import("./print-journal.ts");
      const request = { source: parseJournalSource(journal), ...repositoryOf(flags) };
      printJournalContent(
        host,
        flags,
        await host.run(flags, (deps) => runJournalShow(request, deps)),
      );
      host.exit(0);
    },
  );
}
