import { resolve } from "node:path";

import { Command } from "commander";

import type { RestoreResult } from "../commands/restore/restore-result.ts";
import { parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { withJournal } from "./journal-options.ts";
import type { JournalFlags } from "./journal-options.ts";
import { withConnectionOptions } from "./shared-options.ts";
import type { ConnectionFlags } from "./shared-options.ts";

interface RestoreFlags extends ConnectionFlags, JournalFlags {
  readonly repo?: string;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

const REPLACED = "what --overwrite replaces is";

export function restoreCommand(host: Host): Command {
  const command = new Command("restore")
    .summary("bring back what a journal holds")
    .description(
      "Puts back what a run deleted, as far as the registry still has the blobs: children first, by digest, then tags. Says of each manifest whether it is back, partly, or gone. A registry that keeps deleted images for a time is asked first.",
    )
    .argument("<journal>", "file, directory of files, registry or registry:RUN")
    .argument("[tags...]", "bring back these alone, with what they reach and what is about them")
    .option(
      "--repo <address>",
      "repository that the journal is about; another one's journal is refused",
    )
    .option("--overwrite", "also move tags back that name something else by now", false)
    .option("--dry-run", "look and print; change nothing", false);
  return withConnectionOptions(withJournal(command, REPLACED), host.env).action(
    async (journal: string, tags: readonly string[], _flags: RestoreFlags, action: Command) => {
      const flags = action.opts<RestoreFlags>();
      const { overwrite, dryRun } = flags;
      const { parseJournalSource } = await import("../journal/journal-source.ts");
      const { runRestore } = await import("../commands/restore/restore.ts");
      const { printRestore } = await import("./print-restore.ts");
      const request = {
        source: parseJournalSource(journal),
        ...repositoryOf(flags),
        tags,
        overwrite,
        dryRun,
      };
      const report = await host.run(flags, async (deps) => {
        const result = await runRestore(request, deps);
        return { result, requests: deps.requests() };
      });
      printRestore(host, flags, report);
      host.exit(exitCodeOf(report.result, host));
    },
  );
}

/** The repository that `--repo` names, if any. */
export function repositoryOf({ repo }: { readonly repo?: string }): {
  readonly repository?: Repository;
} {
  if (repo === undefined) return {};
  return { repository: parseRepository(repo, (path) => resolve(path)) };
}

function exitCodeOf(
  { items, problems, brokeOff }: RestoreResult,
  { signal }: Pick<Host, "signal">,
): number {
  if (signal.aborted) return 130;
  const lost = items.some(({ status }) => ["partly", "gone", "failed"].includes(status));
  return lost || problems.length > 0 || brokeOff !== undefined ? 1 : 0;
}
