import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { failure, runGit, type GitContext, type Outcome } from "./command.ts";
import { GitError } from "./error.ts";

export type ObjectFormat = "sha1" | "sha256";

/** A repository on this machine: a work tree, a linked work tree, a submodule or a bare one. */
export interface Clone extends GitContext {
  /** The directory that all work trees of the repository share, absolute. */
  readonly commonDir: string;
  readonly objectFormat: ObjectFormat;
}

/** Finds the repository that holds `context.dir`. */
export async function findClone(context: GitContext): Promise<Clone> {
  if (!(await isDirectory(context.dir))) {
    const message = `${context.dir} is not a directory: name the directory of a Git clone`;
    throw new GitError("not-a-repository", message);
  }
  const outcome = await runGit(context, ["rev-parse", "--show-object-format", "--git-common-dir"]);
  if (outcome.exitCode !== 0) throw refusal(context, outcome);
  const newline = outcome.stdout.indexOf("\n");
  const format = outcome.stdout.slice(0, newline);
  if (format !== "sha1" && format !== "sha256") {
    throw new GitError("failed", `${context.dir} has objects of an unknown format: ${format}`);
  }
  const commonDir = resolve(context.dir, outcome.stdout.slice(newline + 1).replace(/\r?\n$/, ""));
  return { ...context, objectFormat: format, commonDir };
}

/**
 * The commits, in hex, at which a shallow clone's history was cut; none in a complete clone.
 * Source: gitrepository-layout(5), `shallow`.
 */
export async function shallowCommits(clone: Clone): Promise<readonly string[]> {
  const path = join(clone.commonDir, "shallow");
  try {
    return (await readFile(path, "latin1")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (isAbsence(error)) return [];
    throw new GitError("failed", `cannot read ${path}`, { cause: error });
  }
}

function refusal(context: GitContext, outcome: Outcome): GitError {
  if (outcome.stderr.includes("dubious ownership")) {
    const remedy = `run as its owner, or git config --global --add safe.directory ${context.dir}`;
    return new GitError(
      "failed",
      `${context.dir} belongs to another user, so git refuses: ${remedy}`,
    );
  }
  if (outcome.stderr.includes("not a git repository")) {
    const message = `${context.dir} is not in a Git repository: name the directory of a clone`;
    return new GitError("not-a-repository", message);
  }
  return failure(context, "rev-parse", outcome);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw new GitError("failed", `cannot read ${path}`, { cause: error });
  }
}

function isAbsence(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ENOENT" || error.code === "ENOTDIR")
  );
}
