import { resolve } from "node:path";

import { mergedParent } from "../ci/merge-commit.ts";
import { UsageError } from "../commands/error.ts";
import type { RecordRequest } from "../commands/publish/record-images.ts";
import type { PublishRequest } from "../commands/publish/request.ts";
import type { Config } from "../config/config.ts";
import type { Git } from "../git/open.ts";
import type { Repository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { requireRepository } from "./policy-options.ts";
import type { PublishFlags } from "./publish-options.ts";
import { metaRepoOf, projectRepositoriesOf } from "./repos-options.ts";

/** What a publishing is asked, but for its images. */
export interface PublishSettings {
  readonly publish: Omit<PublishRequest, "images">;
  readonly records: RecordRequest;
  /** What is checked out, in hex; absent without Git. */
  readonly commit?: string;
}

/** Guards of a publishing. */
const GUARDS: ReadonlySet<string> = new Set(["foreign-tag", "other-project"]);

/** As in the configuration. */
const PROJECT = /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$/;

/** Reads the configuration, Git and what the options say together. Rejects with `UsageError` and the errors of each. */
export async function publishSettings(flags: PublishFlags, host: Host): Promise<PublishSettings> {
  const repository = requireRepository(flags.repo);
  const repositories = rolesOf(flags, repository);
  const { parseSynchronization } = await import("../locks/synchronization.ts");
  const { parseCustomTag } = await import("../commands/publish/custom-tags-template.ts");
  const synchronization = parseSynchronization(flags.synchronization, { hasRepo: true });
  const customTags = flags.addCustomTag.map(parseCustomTag);
  const { project, config } = await projectOf(flags);
  const git = await openGit(flags, host, config);
  const commits = git === undefined ? [] : await commitsOf(git, flags, host);
  const [commit] = commits;
  const { primary, final } = repositories;
  return {
    publish: {
      project,
      version: `tidemark ${host.version}`,
      repositories,
      lock: {
        synchronization,
        waitMs: flags.lockTimeout,
        otherwise: flags.requireLock ? "fail" : "lock-free",
      },
      checksBlobs: flags.checkBlobs,
      ...ancestryOf(flags, git),
    },
    records: {
      project,
      primary,
      ...(final === undefined ? {} : { final }),
      ...metaRepoOf(flags),
      records: {
        names: !isDisabled(config),
        commits: usesHistory(config) ? commits : [],
      },
      customTags,
      allow: allowedOf(flags),
    },
    ...(commit === undefined ? {} : { commit }),
  };
}

function rolesOf(flags: PublishFlags, primary: Repository): PublishRequest["repositories"] {
  const { copies, secondary } = projectRepositoriesOf(flags);
  const [final] = copies.filter(({ role }) => role === "final-repo");
  return {
    primary,
    ...(final === undefined ? {} : { final: final.repository }),
    caches: copies.filter(({ role }) => role === "cache-repo").map((copy) => copy.repository),
    secondaries: secondary,
  };
}

async function projectOf(
  flags: PublishFlags,
): Promise<{ readonly project: string; readonly config?: Config }> {
  const { loadConfig, loadConfigIfAny } = await import("../config/load.ts");
  const source = { dir: resolve(flags.dir), path: flags.config };
  const project = flags.project ?? flags.projectName;
  if (project === undefined) {
    const config = await loadConfig(source);
    return { project: config.project, config };
  }
  if (!PROJECT.test(project)) {
    throw new UsageError(
      `--project "${project}" is no project name: lower-case letters, digits, and dashes between them, at most 50`,
    );
  }
  const config = await loadConfigIfAny(source);
  return { project, ...(config === undefined ? {} : { config }) };
}

function isDisabled(config: Config | undefined): boolean {
  return config?.cleanup.disabled === true;
}

/** Whether a cleanup of the project will ask which commits images belong to. */
function usesHistory(config: Config | undefined): boolean {
  return !isDisabled(config) && config?.cleanup.gitHistory !== false;
}

/** The clone; `undefined` where Git is not wanted, or not there and not needed. */
async function openGit(
  flags: PublishFlags,
  { env, signal }: Host,
  config: Config | undefined,
): Promise<Git | undefined> {
  if (flags.withoutGit) return undefined;
  const git = await import("../git/open.ts");
  const { isGitError } = await import("../git/error.ts");
  try {
    return await git.openGit(resolve(flags.dir), { env, signal });
  } catch (error) {
    if (!isGitError(error, "not-a-repository")) throw error;
    if (!usesHistory(config) && flags.checkAncestry !== true) return undefined;
    throw new UsageError(
      `${error.message}, or publish --without-git: then a cleanup by history keeps the images for no commit`,
      { cause: error },
    );
  }
}

/** What is checked out, and the commit of a branch that it merges only for this job. */
async function commitsOf(
  git: Git,
  { virtualMerge }: PublishFlags,
  { env }: Host,
): Promise<readonly string[]> {
  const head = await git.readHead();
  if (virtualMerge === false) return [head.commit];
  const merged = virtualMerge === true ? head.parents[1] : mergedParent(head, env);
  if (virtualMerge === true && merged === undefined) {
    throw new UsageError(`--virtual-merge, and commit ${head.commit} is no merge`);
  }
  return [head.commit, ...(merged === undefined ? [] : [merged])];
}

/** Equal content is equal whatever it was made of; a digest that somebody gives may stand for less. */
function ancestryOf(
  { checkAncestry, stageDigest, digestInput }: PublishFlags,
  git: Git | undefined,
): Pick<PublishRequest, "ancestry"> {
  if (checkAncestry === true && git === undefined) {
    throw new UsageError("--check-ancestry needs Git; drop --without-git");
  }
  const isGiven = stageDigest !== undefined || digestInput.length > 0;
  if (git === undefined || !(checkAncestry ?? isGiven)) return {};
  return { ancestry: { has: (commit) => git.isAncestorOfHead(commit) } };
}

function allowedOf({ allow }: PublishFlags): ReadonlySet<string> {
  const unknown = allow.find((name) => !GUARDS.has(name));
  if (unknown === undefined) return new Set(allow);
  throw new UsageError(
    `--allow ${unknown}: a publishing has no such guard; it has ${[...GUARDS].join(", ")}`,
  );
}
