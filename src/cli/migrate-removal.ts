import { resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import { GuardError, UsageError } from "../commands/error.ts";
import type { CommandDeps } from "../commands/deps.ts";
import type { RemovalPolicy } from "../commands/migrate/remove-source.ts";
import type { MigrationSide } from "../commands/migrate/request.ts";
import type { Config } from "../config/config.ts";
import { GUARD_NAMES } from "../engine/cleanup/guards.ts";
import { ARCHIVE_HOST, isInFiles } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { withJournal } from "./journal-options.ts";
import type { JournalFlags } from "./journal-options.ts";
import type { SelectionFlags, TransferFlags } from "./migrate-options.ts";
import type { SidesFlags } from "./migrate-sides.ts";
import { parseAge } from "./parse-age.ts";
import { usageOf, withUsage } from "./usage-options.ts";
import type { UsageFlags } from "./usage-options.ts";

/** Options of a command that empties the source. */
export interface ConsentFlags extends JournalFlags {
  readonly yes: boolean;
  /** Milliseconds. */
  readonly gcGrace: number;
  /** Milliseconds. */
  readonly wait?: number;
}

/** Options of every command that may remove what it copied. */
export interface RemovalFlags extends ConsentFlags, UsageFlags {
  readonly removeSource: boolean;
}

const DAY_MS = 86_400_000;

/** What has to be typed. */
const ASSENT = "yes";

export function withRemoval(command: Command): Command {
  const base = command.option(
    "--remove-source",
    "remove from the source what the target was then seen to have whole",
    false,
  );
  return withUsage(withConsent(base));
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
  return withJournal(base, "manifests removed from the source are");
}

type AskedFlags = RemovalFlags &
  Pick<SelectionFlags, "fromMetaRepo"> &
  Pick<TransferFlags, "dir" | "dryRun" | "referrers" | "allow">;

/**
 * How the source is emptied; `undefined` when it is not. Throws `UsageError` where it cannot be, or nobody can be asked.
 *
 * @param config Absent: there is none, and clusters are asked all the same.
 */
export async function removalOf(
  flags: AskedFlags,
  from: MigrationSide,
  config: Config | undefined,
  host: Pick<Host, "ask">,
): Promise<RemovalPolicy | undefined> {
  if (!flags.removeSource) return undefined;
  refuseUnremovable(flags, from);
  if (flags.dryRun) return undefined;
  requireConsent(flags, host);
  const project = config === undefined ? {} : { project: config.project };
  return { ...policyOf(flags), ...project, ...(await usageIn(from, flags, config)) };
}

/** How a source is emptied that no cluster uses. Throws `UsageError` where nobody can be asked. */
export function removalFrom(
  project: string,
  flags: ConsentFlags & Pick<TransferFlags, "allow">,
  host: Pick<Host, "ask">,
): RemovalPolicy {
  requireConsent(flags, host);
  return { ...policyOf(flags), project };
}

function policyOf({
  allow,
  gcGrace,
  wait,
}: ConsentFlags & Pick<TransferFlags, "allow">): RemovalPolicy {
  return {
    allow: new Set(GUARD_NAMES.filter((name) => allow.includes(name))),
    gcGraceMs: gcGrace,
    ...(wait === undefined ? {} : { waitMs: wait }),
  };
}

function refuseUnremovable(
  { referrers, fromMetaRepo }: Pick<AskedFlags, "referrers" | "fromMetaRepo">,
  from: MigrationSide,
): void {
  if (!referrers) {
    throw new UsageError(
      "--remove-source takes referrers along with what they are about, and --no-referrers leaves them uncopied; leave one of them out",
    );
  }
  if (fromMetaRepo !== undefined) {
    throw new UsageError(
      "--remove-source works on one repository with its records, and --from-meta-repo says that they are apart; migrate first, then purge the source",
    );
  }
  if (from.kind === "repository" && from.repository.host === ARCHIVE_HOST) {
    throw new UsageError("--remove-source: nothing is taken out of an archive; delete the file");
  }
}

function requireConsent({ yes }: Pick<ConsentFlags, "yes">, { ask }: Pick<Host, "ask">): void {
  if (yes || ask !== undefined) return;
  throw new UsageError(
    "what was copied is to be removed from the source, and nobody is here to ask; --yes does without, --dry-run shows what would be copied",
  );
}

/** Who is asked what of the source is in use. A cluster runs nothing out of a directory, unless it knows it by another name. */
async function usageIn(
  from: MigrationSide,
  flags: AskedFlags,
  config: Config | undefined,
): Promise<Pick<RemovalPolicy, "usage">> {
  const { Usage } = await import("../config/usage-schema.ts");
  const usage = config?.usage ?? Usage.parse({});
  const hasAliases = Object.keys(usage.aliases).length > 0;
  const place = from.kind === "repository" ? from.repository : from.namespace;
  if (isInFiles(place) && !hasAliases) return {};
  return usageOf(flags, usage, config?.cleanup.kubernetes ?? true);
}

/** Asks whether the source may be emptied. Throws `GuardError("not-confirmed")`. */
export async function confirmRemoval(
  { ask }: Pick<Host, "ask">,
  { from, to, yes }: SidesFlags & Pick<ConsentFlags, "yes">,
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
