import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The environment of every Git process in these tests: none of the machine's own settings. */
export const ENV: Readonly<Record<string, string | undefined>> = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A Person",
  GIT_AUTHOR_EMAIL: "person@example.org",
  GIT_COMMITTER_NAME: "A Person",
  GIT_COMMITTER_EMAIL: "person@example.org",
};

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), "tidemark-git-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs git in `dir`; its trimmed output. */
export function git(dir: string, ...args: readonly string[]): string {
  return gitWithInput(dir, "", ...args);
}

export function gitWithInput(dir: string, input: string, ...args: readonly string[]): string {
  const result = spawnSync("git", ["-C", dir, ...args], { env: ENV, input, maxBuffer: 2 ** 28 });
  if (result.status !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr.toString()}`);
  return result.stdout.toString().trim();
}

export interface CommitPlan {
  readonly id: string;
  /** Default: the commit before it in the list. */
  readonly parents?: readonly string[];
  /** Committer date; default: 1 700 000 000 and a minute more for each commit. */
  readonly seconds?: number;
}

export interface HistoryPlan {
  readonly commits: readonly CommitPlan[];
  readonly branches?: Readonly<Record<string, string>>;
  /** Lightweight tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Annotated tags, tagged at 1 800 000 000. */
  readonly annotated?: Readonly<Record<string, string>>;
}

/** Adds a history to a repository; the commit ids in hex, by the ids of the plan. */
export function importHistory(dir: string, plan: HistoryPlan): (id: string) => string {
  const marks = new Map(plan.commits.map(({ id }, index) => [id, index + 1]));
  const markOf = (id: string): string => `:${marks.get(id)}`;
  const marksFile = join(temporaryDirectory(), "marks");
  const lines = plan.commits.flatMap((commit, index) => {
    const previous = plan.commits[index - 1];
    const parents = commit.parents ?? (previous === undefined ? [] : [previous.id]);
    const person = `A Person <person@example.org> ${commit.seconds ?? 1_700_000_000 + index * 60} +0000`;
    return [
      ...(parents.length === 0 ? ["reset refs/import/all"] : []),
      "commit refs/import/all",
      `mark ${markOf(commit.id)}`,
      `author ${person}`,
      `committer ${person}`,
      "data 0",
      ...parents.map((parent, at) => `${at === 0 ? "from" : "merge"} ${markOf(parent)}`),
      "deleteall",
      "M 100644 inline file",
      `data ${commit.id.length}`,
      commit.id,
    ];
  });
  const resets = [
    ...Object.entries(plan.branches ?? {}).map(([name, id]) => [`heads/${name}`, id] as const),
    ...Object.entries(plan.tags ?? {}).map(([name, id]) => [`tags/${name}`, id] as const),
  ].flatMap(([name, id]) => [`reset refs/${name}`, `from ${markOf(id)}`, ""]);
  const tags = Object.entries(plan.annotated ?? {}).flatMap(([name, id]) => [
    `tag ${name}`,
    `from ${markOf(id)}`,
    "tagger A Person <person@example.org> 1800000000 +0000",
    "data 0",
  ]);
  const script = [...lines, ...resets, ...tags, "done", ""].join("\n");
  const options = ["--quiet", "--force", "--done", `--export-marks=${marksFile}`];
  gitWithInput(dir, script, "fast-import", ...options);
  if (plan.commits.length > 0) git(dir, "update-ref", "-d", "refs/import/all");
  const hexByMark = new Map(
    readFileSync(marksFile, "latin1")
      .split("\n")
      .map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""]),
  );
  return (id) => {
    const hex = hexByMark.get(markOf(id));
    if (hex === undefined) throw new Error(`no commit ${id} in the plan`);
    return hex;
  };
}

export interface Project {
  /** The remote, a bare repository. */
  readonly remote: string;
  /** A clone of it, made over `file://`. */
  readonly clone: string;
  /** Hex of a commit of the plan. */
  readonly commit: (id: string) => string;
}

/** A bare repository with a history. */
export function remoteWith(
  plan: HistoryPlan,
  ...initOptions: readonly string[]
): Omit<Project, "clone"> {
  const remote = join(temporaryDirectory(), "remote.git");
  git("/", "init", "--quiet", "--bare", "--initial-branch=main", ...initOptions, remote);
  git(remote, "config", "uploadpack.allowFilter", "true");
  return { remote, commit: importHistory(remote, plan) };
}

/** A remote with a history, and a clone of it. */
export function projectWith(plan: HistoryPlan, ...cloneOptions: readonly string[]): Project {
  const { remote, commit } = remoteWith(plan);
  return { remote, commit, clone: cloneOf(remote, ...cloneOptions) };
}

export function cloneOf(remote: string, ...cloneOptions: readonly string[]): string {
  const clone = join(temporaryDirectory(), "clone");
  git("/", "clone", "--quiet", ...cloneOptions, `file://${remote}`, clone);
  return clone;
}
