import { Option } from "commander";
import type { Command } from "commander";

import type { Environment } from "../compose/environment.ts";
import { parseAge } from "./parse-age.ts";
import { withMetaRepo } from "./repos-options.ts";
import type { ReposFlags } from "./repos-options.ts";
import { withRole } from "./role-options.ts";
import { collect, withSharedOptions } from "./shared-options.ts";
import type { SharedFlags } from "./shared-options.ts";

/** How long one lock is waited for when nobody says otherwise. Milliseconds. */
const LOCK_TIMEOUT_MS = 600_000;

/** Source: werf, its build report. */
export const BUILD_REPORT_PATH = ".werf-build-report.json";

/** Options of `publish`. */
export interface PublishFlags extends SharedFlags, ReposFlags, ReportFlags, LockFlags {
  readonly project?: string;
  /** Reads the variable that werf has for it. */
  readonly projectName?: string;
  readonly stageDigest?: string;
  readonly digestInput: readonly string[];
  /** Image names. */
  readonly notFinal: readonly string[];
  readonly addCustomTag: readonly string[];
  readonly allow: readonly string[];
  /** Absent: what the CI system tells. */
  readonly virtualMerge?: boolean;
  readonly withoutGit: boolean;
  /** Absent: where the digest does not stand for the content itself, and there is Git. */
  readonly checkAncestry?: boolean;
  readonly checkBlobs: boolean;
  readonly dryRun: boolean;
}

interface LockFlags {
  readonly synchronization?: string;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly requireLock: boolean;
}

interface ReportFlags {
  readonly saveBuildReport: boolean;
  readonly buildReportPath: string;
  readonly useBuildReport: boolean;
  readonly enableReportByPlatform: boolean;
  readonly containerized: boolean;
}

export function withPublishOptions(command: Command, env: Environment): Command {
  const shared = withMetaRepo(withSharedOptions(command, env));
  return withReport(withRecords(withLocks(withStages(withRoles(shared)))))
    .option("--dry-run", "tell what would be published; change nothing", false)
    .addOption(new Option("--project-name <name>", "as --project").hideHelp());
}

function withRoles(command: Command): Command {
  command
    .option("--final-repo <address>", "repository that final images go to as well")
    .addOption(
      repeatable(
        "--cache-repo <address>",
        "repository that is asked before the primary one, and filled",
      ),
    )
    .addOption(
      repeatable(
        "--secondary-repo <address>",
        "repository that stages are taken from where the primary one lacks them; only read",
      ),
    );
  const roles = ["final-repo", "cache-repo", "secondary-repo", "from"];
  return roles.reduce((with_, role) => withRole(with_, role), command);
}

function withStages(command: Command): Command {
  return command
    .option("--project <name>", "project of the images (default: the configuration)")
    .option(
      "--stage-digest <digest>",
      "56 hex digits that stand for the content of the one image (default: its content)",
    )
    .addOption(
      repeatable(
        "--digest-input <file>",
        "a file that the one image was made of: its digest is over these and the platform",
      ),
    )
    .addOption(
      repeatable(
        "--not-final <name>",
        "an image for others to build on: it has no custom tag and stays out of --final-repo",
      ),
    )
    .option("--check-blobs", "ask for every blob of a stage that is there already", false)
    .option(
      "--check-ancestry",
      "take stages made of Git commits only where HEAD builds on these (default: where the digest is given, and not of the content)",
    )
    .option("--no-check-ancestry", "take them whatever commits they are made of");
}

function withLocks(command: Command): Command {
  return command
    .option(
      "-S, --synchronization <where>",
      "locks that keep publishers apart: :local, http(s)://ADDRESS, kubernetes://NAMESPACE[:CONTEXT][@CONFIG], none (default: :local)",
    )
    .addOption(
      new Option("--lock-timeout <duration>", "how long to wait for a lock")
        .argParser(parseAge)
        .default(LOCK_TIMEOUT_MS, "10m"),
    )
    .option("--require-lock", "fail without a lock; otherwise publish without it then", false);
}

function withRecords(command: Command): Command {
  return command
    .addOption(
      repeatable(
        "--add-custom-tag <template>",
        "another tag of each final image; %image%, %image_slug%, %image_safe_slug% and %image_content_based_tag% stand for the image",
      ),
    )
    .option(
      "--virtual-merge",
      "HEAD is a merge made only for this job: its second parent is recorded too (default: what the CI system tells)",
    )
    .option("--no-virtual-merge", "HEAD is a commit like any other")
    .option("--without-git", "tie the images to no commit", false)
    .addOption(repeatable("--allow <guard>", "let one guard through for this run"));
}

function withReport(command: Command): Command {
  return command
    .option("--save-build-report", "save what was published, for those who deploy it", false)
    .option(
      "--build-report-path <file>",
      "where that goes; a .json or .env file",
      BUILD_REPORT_PATH,
    )
    .option(
      "--use-build-report",
      "publish nothing: record what the build report tells, after a look whether it is there",
      false,
    )
    .option("--enable-report-by-platform", "tell each platform in the build report too", false)
    .addOption(new Option("--containerized", "as in werf").default(false).hideHelp());
}

function repeatable(flags: string, about: string): Option {
  return new Option(flags, `${about}; repeatable`).argParser(collect).default([], "none");
}
