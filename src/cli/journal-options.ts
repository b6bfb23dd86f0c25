import { Option } from "commander";
import type { Command } from "commander";

import { parseAge } from "./parse-age.ts";

export interface JournalFlags {
  readonly journal?: string;
}

export interface JournalPolicyFlags {
  /** Milliseconds. */
  readonly journalKeep: number;
}

const KEEP_MS = 720 * 3_600_000;

/**
 * Adds where a command writes its journal.
 *
 * @param what Is written down, for `--help`.
 */
export function withJournal(command: Command, what = "deleted manifests are"): Command {
  return command.option(
    "--journal <dir>",
    `where ${what} written down, one file a run; registry: in the repository itself`,
  );
}

/** Adds how long journals in the repository stay. */
export function withJournalPolicy(command: Command): Command {
  return command.addOption(
    new Option(
      "--journal-keep <duration>",
      "how long a journal stays that lies in the repository; 0: for good",
    )
      .argParser(parseAge)
      .default(KEEP_MS, "720h"),
  );
}

/** What they come to in a policy. */
export function journalPolicyOf({ journalKeep }: JournalPolicyFlags): {
  readonly journalKeepMs?: number;
} {
  return journalKeep === 0 ? {} : { journalKeepMs: journalKeep };
}
