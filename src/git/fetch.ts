import { setTimeout as delay } from "node:timers/promises";
import { shallowCommits, type Clone } from "./clone.ts";
import { outputOf, runGit, type Outcome } from "./command.ts";
import { tellingLine } from "./complaint.ts";
import { GitError } from "./error.ts";

/** Runs in one clone at the same time take turns; this often one of them tries again. */
const ATTEMPTS = 5;
/** Milliseconds before the second attempt; each further wait is twice as long. */
const FIRST_WAIT_MS = 100;

/** What another Git process in the same clone makes a fetch fail with. */
const CONTENTION =
  /cannot lock ref|Unable to create '[^']*\.lock'|shallow file has changed|--unshallow on a complete repository|unable to write new packed-refs|cannot update ref/i;

/**
 * Brings every branch and tag of `remote` into `refs/tidemark/` and the whole history behind them into the
 * clone, and makes sure that this is what is there afterwards. Nothing else in the clone changes.
 * `GitError("fetch-failed")` when the remote cannot be reached or a reference cannot be stored.
 */
export async function fetchRemote(clone: Clone, remote: string): Promise<void> {
  await fetchOnce(clone, remote);
  const before = await listRemote(clone, remote);
  if (missingFrom(await listStored(clone), before).length === 0) return;

  // Somebody pushed in between, or a reference does not arrive: Git leaves out, without failing, what a
  // shallow remote offers and what a file system that ignores case cannot hold.
  await fetchOnce(clone, remote);
  const after = await listRemote(clone, remote);
  const unmoved = new Map([...after].filter(([name, object]) => before.get(name) === object));
  const stuck = missingFrom(await listStored(clone), unmoved);
  if (stuck.length > 0) {
    const names = stuck.length > 3 ? `${stuck.slice(0, 3).join(", ")}, …` : stuck.join(", ");
    const message = `${clone.dir}: ${stuck.length} references of ${remote} could not be stored (${names}): the remote may be a shallow clone, or the file system may ignore case`;
    throw new GitError("fetch-failed", message);
  }
}

async function fetchOnce(clone: Clone, remote: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const isShallow = (await shallowCommits(clone)).length > 0;
    const outcome = await runGit(clone, fetchCommand(remote, isShallow));
    if (outcome.exitCode === 0) return;
    if (attempt === ATTEMPTS || !CONTENTION.test(outcome.stderr)) {
      throw fetchFailure(clone, remote, outcome);
    }
    await pause(FIRST_WAIT_MS * 2 ** (attempt - 1), clone.signal);
  }
}

/** Rejects with the abort reason. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Only `refs/tidemark/` is written: no reference of the user, no FETCH_HEAD, no hook runs, nothing is tidied up. */
const FETCH_CONFIGURATION = [
  "gc.auto=0",
  "maintenance.auto=false",
  "core.hooksPath=/dev/null",
  "core.filesRefLockTimeout=1000",
  "core.packedRefsTimeout=5000",
];

const FETCH_OPTIONS = [
  "--quiet",
  "--prune",
  "--refmap=",
  "--no-tags",
  "--no-prune-tags",
  "--no-write-fetch-head",
  "--no-recurse-submodules",
  "--no-auto-maintenance",
];

function fetchCommand(remote: string, isShallow: boolean): readonly string[] {
  const configuration = [...FETCH_CONFIGURATION, `remote.${remote}.followRemoteHEAD=never`];
  return [
    ...configuration.flatMap((setting) => ["-c", setting]),
    "fetch",
    ...FETCH_OPTIONS,
    ...(isShallow ? ["--unshallow"] : []),
    remote,
    "+refs/heads/*:refs/tidemark/heads/*",
    "+refs/tags/*:refs/tidemark/tags/*",
  ];
}

/** Object names by `refs/heads/…` and `refs/tags/…`, as the remote has them. */
async function listRemote(clone: Clone, remote: string): Promise<ReadonlyMap<string, string>> {
  const outcome = await runGit(clone, [
    "ls-remote",
    "--quiet",
    "--refs",
    "--heads",
    "--tags",
    remote,
  ]);
  if (outcome.exitCode !== 0) throw fetchFailure(clone, remote, outcome);
  return parseListing(outcome.stdout, "\t");
}

/** The same of what was fetched. */
async function listStored(clone: Clone): Promise<ReadonlyMap<string, string>> {
  const format = "--format=%(objectname) refs/%(refname:lstrip=2)";
  const stdout = await outputOf(clone, [
    "for-each-ref",
    format,
    "refs/tidemark/heads",
    "refs/tidemark/tags",
  ]);
  return parseListing(stdout, " ");
}

function parseListing(text: string, separator: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(separator);
      return [line.slice(at + 1), line.slice(0, at)];
    }),
  );
}

function missingFrom(
  stored: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): readonly string[] {
  return [...wanted].filter(([name, object]) => stored.get(name) !== object).map(([name]) => name);
}

function fetchFailure(clone: Clone, remote: string, outcome: Outcome): GitError {
  const words = tellingLine(outcome.stderr) || `git ended with exit code ${outcome.exitCode}`;
  return new GitError("fetch-failed", `cannot fetch from "${remote}" of ${clone.dir}: ${words}`);
}
