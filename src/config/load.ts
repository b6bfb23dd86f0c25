import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BUILT_IN_POLICIES } from "./built-in-policies.ts";
import type { Config, KeepPolicy, Limit } from "./config.ts";
import { metaDocument } from "./document.ts";
import { ConfigError } from "./error.ts";
import { toRules } from "./rules.ts";
import type { ConfigFile } from "./schema.ts";

/** Files that are looked for, first one first. */
const FILE_NAMES = ["tidemark.yaml", "tidemark.yml", "werf.yaml", "werf.yml"];

export interface ConfigSource {
  /** Directory of the project. */
  readonly dir: string;
  /** A file that is read instead of looking for one. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the configuration of a project.
 *
 * A file whose name starts with `tidemark` is ours as a whole; of any other only the meta document of a
 * `werf.yaml` is read. Rejects with `ConfigError`, which names every problem, also when there is no file.
 */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  const config = await loadConfigIfAny(source);
  if (config !== undefined) return config;
  const text = `no configuration: looked for ${FILE_NAMES.join(", ")} (write one, or name one with --config)`;
  throw new ConfigError(source.dir, [{ path: "", text }]);
}

/** As `loadConfig`, but `undefined` where no file is named and none is found. */
export async function loadConfigIfAny(source: ConfigSource): Promise<Config | undefined> {
  const found = await findFile(source);
  if (found === undefined) return undefined;
  const { file, content } = found;
  // Most of what a run without a configuration would load.
  const { parseConfigFile } = await import("./parse.ts");
  const text = content.replace(/^\uFEFF/, "");
  const document = basename(file).startsWith("tidemark")
    ? { file, text, isWerf: false }
    : metaDocument(file, text);
  return freeze(toConfig(file, parseConfigFile(document)));
}

async function findFile({
  dir,
  path,
  signal,
}: ConfigSource): Promise<{ file: string; content: string } | undefined> {
  const candidates = path === undefined ? FILE_NAMES.map((name) => join(dir, name)) : [path];
  for (const file of candidates) {
    try {
      return { file, content: await readFile(file, { encoding: "utf8", signal }) };
    } catch (error) {
      signal?.throwIfAborted();
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
      if (code === "ENOENT" && path === undefined) continue;
      const why = code === "ENOENT" ? "there is no such file" : `it cannot be read: ${code}`;
      throw new ConfigError(file, [{ path: "", text: `${why} (name another with --config)` }]);
    }
  }
  return undefined;
}

function toConfig(path: string, { project, cleanup, usage, gitWorktree }: ConfigFile): Config {
  const isAgeOff = cleanup.disableBuiltWithinLastNHoursPolicy;
  const builtInPolicies = cleanup.keepPolicies.length === 0;
  return {
    path,
    project,
    cleanup: {
      disabled: cleanup.disable,
      kubernetes: !cleanup.disableKubernetesBasedPolicy,
      gitHistory: !cleanup.disableGitHistoryBasedPolicy,
      keepBuiltWithinHours: isAgeOff ? 0 : cleanup.keepImagesBuiltWithinLastNHours,
      deleteUntagged: cleanup.deleteUntagged,
      deleteOrphans: cleanup.deleteOrphans,
      keepPolicies: builtInPolicies ? BUILT_IN_POLICIES : cleanup.keepPolicies.flatMap(toPolicy),
      builtInPolicies,
      retireImagesAfterMs: cleanup.retireImagesAfter,
      rules: toRules(cleanup.rules),
    },
    usage,
    git: {
      fetch: gitWorktree.allowFetchOriginBranchesAndTags,
      allowShallow: gitWorktree.forceShallowClone,
    },
  };
}

/** The schema saw to it that exactly one of `branch` and `tag` is there. */
function toPolicy({
  references,
  imagesPerReference,
}: ConfigFile["cleanup"]["keepPolicies"][number]): KeepPolicy[] {
  const { branch, tag } = references;
  const selector = branch ?? tag;
  if (selector === undefined) return [];
  const kind = branch === undefined ? "tag" : "branch";
  return [
    {
      references: { kind, ...selector, limit: toLimit(references.limit) },
      imagesPerReference: toLimit(imagesPerReference),
    },
  ];
}

function toLimit(limit: {
  readonly last?: number | undefined;
  readonly in?: number | undefined;
  readonly operator: "And" | "Or";
}): Limit {
  return { last: limit.last, inMs: limit.in, operator: limit.operator };
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
