import { GitConstructError, simpleGit, type SimpleGit, type SimpleGitOptions } from "simple-git";
import { tellingLine } from "./complaint.ts";
import { GitError } from "./error.ts";

/** Where and how a Git process runs. */
export interface GitContext {
  /** An existing directory, absolute. */
  readonly dir: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

export interface Outcome {
  /** 0 is success. A process that was killed or never started has another number. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one Git command to its end. Whatever its exit code, the outcome is returned; rejects only with the
 * abort reason, or with `GitError("failed")` when there is no Git to run.
 */
export async function runGit(context: GitContext, args: readonly string[]): Promise<Outcome> {
  context.signal?.throwIfAborted();
  const ended: { exitCode: number; stderr: string } = { exitCode: -1, stderr: "" };
  const git = simpleGitIn(context.dir, {
    ...(context.signal === undefined ? {} : { abort: context.signal }),
    // The environment is the operator's own: nothing in it is a stranger's input.
    allowEnvironment: Object.keys(context.env),
    unsafe: OPERATORS_OWN,
    // Waiting only for the exit could cut the output short.
    completion: { onClose: true, onExit: false },
    errors: (_error, result) => {
      ended.exitCode = result.exitCode ?? -1;
      ended.stderr = Buffer.concat(result.stdErr).toString("utf8");
      return undefined;
    },
  });
  const stdout = await git.env({ ...context.env }).raw([...args]);
  context.signal?.throwIfAborted();
  if (isMissingGit(ended.stderr)) throw missingGit();
  return { ...ended, stdout };
}

function simpleGitIn(dir: string, options: Partial<SimpleGitOptions>): SimpleGit {
  try {
    return simpleGit(dir, options);
  } catch (error) {
    if (!(error instanceof GitConstructError)) throw error;
    const message = `${dir} is not there: name the directory of a Git clone`;
    throw new GitError("not-a-repository", message, { cause: error });
  }
}

/** The standard output of a command that must succeed; `GitError("failed")` when it does not. */
export async function outputOf(context: GitContext, args: readonly string[]): Promise<string> {
  const outcome = await runGit(context, args);
  if (outcome.exitCode !== 0) throw failure(context, args[0] ?? "", outcome);
  return outcome.stdout;
}

/** `GitError("failed")` that says which command failed where, in Git's own words. */
export function failure(
  context: GitContext,
  command: string,
  outcome: Pick<Outcome, "exitCode" | "stderr">,
): GitError {
  const words = tellingLine(outcome.stderr) || `it ended with exit code ${outcome.exitCode}`;
  return new GitError("failed", `git ${command} failed in ${context.dir}: ${words}`);
}

export function missingGit(cause?: unknown): GitError {
  const message = "git is not installed or not on the PATH: install Git 2.31 or newer";
  return new GitError("failed", message, { cause });
}

function isMissingGit(stderr: string): boolean {
  return /^Error: spawn \S+ (?:ENOENT|EACCES)/.test(stderr);
}

const OPERATORS_OWN = {
  allowUnsafeAlias: true,
  allowUnsafeAskPass: true,
  allowUnsafeCommandBinaries: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeDiffExternal: true,
  allowUnsafeDiffTextConv: true,
  allowUnsafeEditor: true,
  allowUnsafeExec: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeGpgProgram: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeMergeDriver: true,
  allowUnsafePack: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeSubmodule: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeUrlRewrite: true,
} as const;
