import { resolve } from "node:path";

import type { RegistryDeps } from "../commands/deps.ts";
import type { CleanupResult } from "../commands/cleanup/result.ts";
import { isGitError } from "../git/error.ts";
import type { RequestCounts } from "../http/client.ts";
import { annotate, foldProgress, writeStepSummary } from "./ci-output.ts";
import { describeFailure, worstExitCode } from "./failure.ts";
import type { Host, RunFlags } from "./host.ts";
import { reportPathsOf } from "./report-options.ts";
import type { ReportFlags } from "./report-options.ts";
import type { ReportedRun } from "../report/run.ts";

/** What is run. */
export interface ReportedCommand {
  /** `cleanup`, `apply`, `purge`. */
  readonly command: string;
  readonly dryRun: boolean;
}

/** What a run comes to, at least. */
interface Ended {
  /** What became of each repository, the primary one first. */
  readonly results: readonly CleanupResult[];
  readonly requests: RequestCounts;
}

/**
 * Runs a command, and writes the reports that were asked for and what the CI system shows, however the run ends.
 *
 * Whether a report can be written is tried before anything else. One that could not be written in the end is an error
 * after a run that was one itself, so that neither hides the other.
 */
export async function runReported<Result extends Ended>(
  host: Host,
  flags: RunFlags & ReportFlags,
  about: ReportedCommand,
  work: (deps: RegistryDeps) => Promise<Result>,
): Promise<Result> {
  const paths = reportPathsOf(flags);
  const { openReporter } = await import("./reporter.ts");
  await using reporter = await openReporter(
    paths,
    { ...about, version: host.version },
    { complain, readSubjects },
  );
  const unfold = foldProgress(host, flags, about.command);
  try {
    return await host.run(flags, async (deps) => {
      const result = await work(reporter.watch(deps)).catch(async (error: unknown) => {
        await show(await reporter.fail(describeFailure(error, host), deps));
        throw error;
      });
      const exitCode = worstExitCode(result.results, host);
      await show(await reporter.end(result.results, exitCode, deps));
      return { ...result, requests: deps.requests() };
    });
  } finally {
    unfold();
  }

  function complain(line: string): void {
    host.warn(`tidemark: ${line}`);
    host.exit(1);
  }

  /** They are told for people's sake only: without them there is a warning and a report all the same. */
  async function readSubjects(commits: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { openGit } = await import("../git/open.ts");
    try {
      const { env, signal } = host;
      const git = await openGit(resolve(flags.dir ?? "."), { env, signal });
      return await git.readSubjects(commits);
    } catch (error) {
      if (!isGitError(error) && !host.signal.aborted) throw error;
      const why = isGitError(error) ? error.message : "the run was interrupted";
      host.warn(`warning: the report has commits without their messages: ${why}`);
      return new Map();
    }
  }

  async function show(run: ReportedRun): Promise<void> {
    annotate(host, run);
    await writeStepSummary(host, run);
  }
}
