import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { resolve } from "node:path";

import type { CleanupRequest } from "../commands/cleanup/cleanup.ts";
import type { CleanupSetRequest } from "../commands/cleanup/cleanup-set.ts";
import type { CleanupTarget } from "../commands/cleanup/targets.ts";
import { UsageError } from "../commands/error.ts";
import { GUARD_NAMES } from "../engine/cleanup/guards.ts";
import type { DeletionLimit, GuardName } from "../engine/cleanup/guards.ts";
import type { Environment } from "../compose/environment.ts";
import { isNamespaceAddress, parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { applyOptionsOf, withApplyOptions } from "./apply-options.ts";
import type { ApplyOptionFlags } from "./apply-options.ts";
import { journalPolicyOf, withJournal, withJournalPolicy } from "./journal-options.ts";
import type { JournalPolicyFlags } from "./journal-options.ts";
import { parseAge } from "./parse-age.ts";
import { metaRepoOf, withMetaRepo } from "./repos-options.ts";
import type { MetaRepoFlags } from "./repos-options.ts";
import { sweepOf, withUntagged } from "./untagged-options.ts";
import type { UntaggedFlags } from "./untagged-options.ts";
import { usageOf, withUsage } from "./usage-options.ts";
import type { UsageFlags } from "./usage-options.ts";
import { collect, wholeNumber, withSharedOptions } from "./shared-options.ts";
import type { ConnectionFlags, SharedFlags } from "./shared-options.ts";

/** Options of every command that decides what stays. */
export interface PolicyFlags
  extends SharedFlags, JournalPolicyFlags, MetaRepoFlags, UsageFlags, UntaggedFlags {
  readonly keepList?: string;
  readonly keepStagesBuiltWithinLastNHours?: number;
  readonly fetch: boolean;
}

/** Options of every command that deletes. */
export interface DeletionFlags extends PolicyFlags, ApplyOptionFlags {
  readonly allow: readonly string[];
  readonly maxDelete?: DeletionLimit;
  /** Milliseconds. */
  readonly gcGrace: number;
}

const DAY_MS = 86_400_000;

export function withPolicyOptions(command: Command, env: Environment): Command {
  const base = withUsage(withMetaRepo(withJournalPolicy(withSharedOptions(command, env))));
  return withKeepOptions(withUntagged(base));
}

/** Adds what keeps stages besides the configuration. */
export function withKeepOptions(command: Command): Command {
  return command
    .option("--keep-list <file>", "tags to keep, one a line")
    .option(
      "--keep-stages-built-within-last-n-hours <n>",
      "keep stages younger than this; 0 is off (default: the configuration, else 2)",
      wholeNumber,
    )
    .option("--no-fetch", "take the references the clone has, do not ask the remote");
}

/** Options of every command that deletes. */
export function withDeletionOptions(command: Command): Command {
  return withJournal(withApplyOptions(command))
    .addOption(
      new Option("--allow <guard>", "let one guard through for this run; repeatable")
        .argParser(collect)
        .default([], "none"),
    )
    .option("--max-delete <n|p%>", "stop when more tags than this would go", parseLimit)
    .addOption(
      new Option("--gc-grace <duration>", "in a directory: how old an unused blob must be to go")
        .argParser(parseAge)
        .default(DAY_MS, "24h"),
    );
}

/** Reads the configuration and puts together what a cleanup is asked. */
export async function policyRequest(
  flags: PolicyFlags,
  address: string | undefined = flags.repo,
): Promise<Pick<CleanupRequest, "policy" | "disabled">> {
  const repository = requireRepository(address);
  const { policy, ...rest } = await namelessPolicyRequest(flags);
  return { policy: { ...policy, repository }, ...rest };
}

/** What `policyRequest` tells, for whatever repository. */
export async function namelessPolicyRequest(
  flags: Omit<PolicyFlags, keyof ConnectionFlags>,
): Promise<Pick<CleanupSetRequest, "policy" | "disabled">> {
  const { loadConfig } = await import("../config/load.ts");
  const config = await loadConfig({ dir: resolve(flags.dir), path: flags.config });
  const { cleanup, usage, git } = config;
  const keepBuiltWithinHours =
    flags.keepStagesBuiltWithinLastNHours ?? cleanup.keepBuiltWithinHours;
  return {
    policy: {
      project: config.project,
      gitHistory: cleanup.gitHistory,
      fetch: flags.fetch && git.fetch,
      policies: cleanup.keepPolicies,
      rules: cleanup.rules,
      builtInPolicies: cleanup.builtInPolicies,
      keepBuiltWithinHours,
      sweep: sweepOf(flags, cleanup, keepBuiltWithinHours),
      keepList: await readKeepList(flags.keepList),
      ...journalPolicyOf(flags),
      ...metaRepoOf(flags),
      ...(cleanup.retireImagesAfterMs === undefined
        ? {}
        : { retire: { afterMs: cleanup.retireImagesAfterMs, configPath: config.path } }),
      ...usageOf(flags, usage, cleanup.kubernetes),
    },
    disabled: cleanup.disabled,
  };
}

/** The same, with what a deletion may do. */
export async function cleanupRequest(
  flags: DeletionFlags,
  address: string | undefined = flags.repo,
): Promise<Omit<CleanupRequest, "dryRun" | "savePlan">> {
  return { ...deletionRequest(flags), ...(await policyRequest(flags, address)) };
}

/** The same for several repositories. */
export async function cleanupSetRequest(
  flags: DeletionFlags,
  targets: readonly CleanupTarget[],
): Promise<Omit<CleanupSetRequest, "dryRun">> {
  return { targets, ...deletionRequest(flags), ...(await namelessPolicyRequest(flags)) };
}

function deletionRequest(
  flags: DeletionFlags,
): Pick<CleanupRequest, "allow" | "maxDelete" | "gcGraceMs" | "maxDurationMs" | "waitMs"> {
  return {
    ...applyOptionsOf(flags),
    allow: new Set(flags.allow.map(guardName)),
    ...(flags.maxDelete === undefined ? {} : { maxDelete: flags.maxDelete }),
    gcGraceMs: flags.gcGrace,
  };
}

export function requireRepository(address: string | undefined): Repository {
  if (address === undefined || address === "") {
    throw new UsageError("--repo is missing: the repository to work on, host/name or oci:PATH");
  }
  if (isNamespaceAddress(address)) {
    throw new UsageError(
      `--repo ${address} names no repository but what repositories lie in, and only cleanup works on several; write host/name`,
    );
  }
  return parseRepository(address, (path) => resolve(path));
}

async function readKeepList(path: string | undefined): Promise<ReadonlySet<string>> {
  if (path === undefined) return new Set();
  const { readTextFile } = await import("../compose/certificates.ts");
  const { parseKeepList } = await import("../usage/keep-list.ts");
  return parseKeepList(await readTextFile(path, "--keep-list"), path);
}

function guardName(text: string): GuardName {
  const known = GUARD_NAMES.find((name) => name === text);
  if (known !== undefined) return known;
  throw new UsageError(`--allow "${text}" is no guard; known are ${GUARD_NAMES.join(", ")}`);
}

function parseLimit(text: string): DeletionLimit {
  const [, digits, percent] = /^([0-9]{1,15})(%?)$/.exec(text) ?? [];
  const most = Number(digits);
  if (digits === undefined || (percent === "%" && most > 100)) {
    throw new InvalidArgumentError("Write a number of tags, or a share as 10%.");
  }
  return percent === "%" ? { kind: "percent", most } : { kind: "count", most };
}
