import { Option } from "commander";
import type { Command } from "commander";

import type { AuditRequest } from "../commands/audit/request.ts";
import { UsageError } from "../commands/error.ts";
import type { Environment } from "../compose/environment.ts";
import { SEVERITIES } from "../engine/audit/audit.ts";
import type { Severity } from "../engine/audit/audit.ts";
import { thresholdsOf, withThresholds } from "./audit-thresholds.ts";
import type { ThresholdFlags } from "./audit-thresholds.ts";
import { namelessPolicyRequest, withPolicyOptions } from "./policy-options.ts";
import type { PolicyFlags } from "./policy-options.ts";
import { readPreviousAudit } from "./previous-audit.ts";
import {
  projectRepositoriesOf,
  refuseOtherRepositories,
  withProjectRepositories,
} from "./repos-options.ts";
import type { ReposFlags } from "./repos-options.ts";
import { collect } from "./shared-options.ts";
import type { OutputForm } from "./shared-options.ts";
import { storageTarget } from "./targets.ts";

export interface AuditFlags extends Omit<PolicyFlags, "repo">, ReposFlags, ThresholdFlags {
  readonly repo?: readonly string[];
  readonly outputFile?: string;
  readonly failOn?: Severity;
  readonly previous?: string;
  readonly compare: boolean;
  readonly checkBlobs: boolean;
  readonly releaseTags?: string;
}

const FORMS: readonly OutputForm[] = ["table", "json", "csv", "html", "sarif"];

export function withAuditOptions(command: Command, env: Environment): Command {
  const base = withProjectRepositories(withPolicyOptions(command, env));
  for (const option of base.options) {
    if (option.long === "--output") option.choices(FORMS);
    if (option.long === "--repo") {
      option.argParser(collect);
      option.description =
        "repository to look at, host/name or oci:PATH, or every one below host/name/; repeatable";
    }
  }
  base
    .option("--output-file <file>", "where the result goes instead of stdout")
    .addOption(
      new Option(
        "--fail-on <severity>",
        "exit with 4 when there is a finding of this severity or a worse one",
      ).choices(SEVERITIES),
    )
    .option("--previous <file>", "an audit saved with --output json: tells which tags moved since")
    .option("--compare", "set the two repositories side by side", false)
    .option("--check-blobs", "ask for every blob, and tell which images lack some", false)
    .option(
      "--release-tags <regexp>",
      "which tags are releases and ought to be signed (default: versions, and Git tags that a policy keeps)",
    );
  return withThresholds(base);
}

/** Rejects with `UsageError`, `AddressError` or `ConfigError`. */
export async function auditRequest(
  flags: AuditFlags,
): Promise<AuditRequest & { readonly disabled: boolean }> {
  const { repo: addresses = [], previous, compare, checkBlobs, releaseTags, ...rest } = flags;
  if (addresses.length === 0 || addresses.includes("")) {
    throw new UsageError(
      "--repo is missing: a repository to look at, host/name or oci:PATH; give it again for another",
    );
  }
  const targets = addresses.map((address) => storageTarget(address, "repo"));
  const isOne = targets.length === 1 && targets[0]?.kind === "repository";
  if (!isOne) refuseOtherRepositories(flags);
  return {
    targets,
    ...(await namelessPolicyRequest(rest)),
    copies: projectRepositoriesOf(flags).copies,
    compare,
    checksBlobs: checkBlobs,
    thresholds: thresholdsOf(flags),
    ...(previous === undefined ? {} : { previous: await readPreviousAudit(previous) }),
    ...(releaseTags === undefined ? {} : { releaseTags: await releasePattern(releaseTags) }),
  };
}

/** Whole tags, in the syntax of every other pattern. */
async function releasePattern(text: string): Promise<RegExp> {
  if (text === "") throw new UsageError("--release-tags is empty: write a regular expression");
  const { parsePattern } = await import("../config/pattern.ts");
  const pattern = parsePattern(`/${text}/`);
  if ("problem" in pattern) throw new UsageError(`--release-tags: ${pattern.problem}`);
  return new RegExp(pattern.regexp, pattern.flags);
}
