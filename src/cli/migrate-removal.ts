import { resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import { GuardError, UsageError } from "../commands/error.ts";
import type { CommandDeps } from "../commands/deps.ts";
import type { RemovalPolicy } from "../commands/migrate/remove-source.ts";
import type { Config } from "../config/config.ts";
import { GUARD_NAMES } from "../engine/cleanup/guards.ts";
import type { Host } from "./host.ts";
import { withJournal } from "./journal-options.ts";
import type { JournalFlags } from "./journal-options.ts";
import type { TransferFlags } from "./migrate-options.ts";
import type { SidesFlags } from "./migrate-sides.ts";
import { parseAge } from "./parse-age.ts";
import { usageOf, withUsage } from "./usage-options.ts";
import type { UsageFlags } from "./usage-options.ts";

/** Options of every command that may remove what it copied. */
export interface RemovalFlags extends JournalFlags, UsageFlags {
  readonly removeSource: boolean;
  readonly yes: boolean;
  /** Milliseconds. */
  readonly gcGrace: number;
  /** Milliseconds. */
  readonly wait?: number;
}

const DAY_MS = 86_400_000;

/** What has to be typed. */
const ASSENT = "yes";

export function withRemoval(command: Command): Command {
  return withConsent(
    command.option(
      "--remove-source",
      "remove from the source what the target was then seen to have whole",
      false,
    ),
  );
}

/** Adds what a command that empties the source may be told about that. */
export function withConsent(command: Command): Command {
  const base = command
    .option("--yes", "do not ask before that", false)
    .addOption(
      new Option(
        "--wait <duration>",
        "how long to wait while the source is being cleaned",
      ).argParser(parseAge),
    )
    .addOption(
      new Option("--gc-grace <duration>", "in a directory: how old an unused blob must be to go")
        .argParser(parseAge)
        .default(DAY_MS, "24h"),
    );
  return withUsage(withJournal(base, "manifests removed from the source are"));
}

/**
 * How the source is emptied; `undefined` when it is not. Throws `UsageError` where it cannot be asked for, or nobody can be.
 *
 * @param config Absent: there is none, and clusters are asked all the same.
 */
export async function removalOf(
  flags: RemovalFlags & Pick<TransferFlags, "dir" | "dryRun" | "referrers" | "allow">,
  config: Config | undefined,
  host: Pick<Host, "ask">,
): Promise<RemovalPolicy | undefined> {
  const { removeSource, dryRun, referrers, yes, wait, gcGrace } = flags;
  if (!removeSource) return undefined;
  if (!referrers) {
    throw new UsageError(
      "--remove-source takes referrers along with what they are about, and --no-referrers leaves them uncopied; leave one of them out",
    );
  }
  if (dryRun) return undefined;
  if (!yes && host.ask === undefined) {
    throw new UsageError(
      "--remove-source removes what was copied from the source, and nobody is here to ask; --yes does without, --dry-run shows what would be copied",
    );
  }
  const { Usage } = await import("../config/usage-schema.ts");
  const usage = usageOf(
    flags,
    config?.usage ?? Usage.parse({}),
    config?.cleanup.kubernetes ?? true,
  );
  return {
    ...(config === undefined ? {} : { project: config.project }),
    ...usage,
    allow: new Set(GUARD_NAMES.filter((name) => flags.allow.includes(name))),
    gcGraceMs: gcGrace,
    ...(wait === undefined ? {} : { waitMs: wait }),
  };
}

/** Asks whether the source may be emptied. Throws `GuardError("not-confirmed")`. */
export async function confirmRemoval(
  { ask }: Pick<Host, "ask">,
  { from, to, yes }: SidesFlags & Pick<RemovalFlags, "yes">,
): Promise<void> {
  if (yes || ask === undefined) return;
  const answer = await ask(
    `What ${to ?? ""} is then seen to have whole is removed from ${from ?? ""}. Type ${ASSENT} to go on:`,
  );
  if (answer.trim() === ASSENT) return;
  throw new GuardError("not-confirmed", `nothing was changed: "${ASSENT}" would have gone on`);
}

/** Asks the clusters whether they may be read, before anything is copied. Rejects as a cleanup does. */
export async function checkClusters(
  { usage }: Pick<RemovalPolicy, "usage">,
  deps: CommandDeps,
): Promise<void> {
  const { openUsage } = await import("../commands/cleanup/usage.ts");
  await openUsage(usage, { host: "", name: "" }, deps);
}

/** The configuration of the project, if there is one or one is named. */
export async function configOf({
  dir,
  config,
}: Pick<TransferFlags, "dir" | "config">): Promise<Config | undefined> {
  const { loadConfigIfAny } = await import("../config/load.ts");
  return loadConfigIfAny({ dir: resolve(dir), path: config });
}
