import { readFileSync, readdirSync } from "node:fs";
import { z } from "zod";
import { Ids, MetadataRecord, Refs, Registry, When, mergeRegistry } from "./registry-side.ts";

export type {
  ForeignSpec,
  ImageSpec,
  LeaseSpec,
  MetadataRecord,
  RegistrySide,
  StageSpec,
} from "./registry-side.ts";

const Commit = z.strictObject({
  id: z.string(),
  parents: z.array(z.string()).optional(),
  committed: When,
  authored: When.optional(),
});

const Tag = z.union([
  z.string(),
  z.strictObject({ commit: z.string(), annotated: z.literal(true), tagged: When }),
  z.strictObject({ tag: z.string(), tagged: When }),
  z.strictObject({ tree: z.string() }),
]);

const Git = z.strictObject({
  commits: z.array(Commit).optional(),
  branches: Refs.optional(),
  tags: z.record(z.string(), Tag).optional(),
  otherRefs: Refs.optional(),
  localBranches: Refs.optional(),
  localTags: Refs.optional(),
  head: z.string().optional(),
  clone: z.enum(["full", "shallow", "single-branch", "partial"]).optional(),
  remote: z.enum(["present", "gone", "none"]).optional(),
  objectFormat: z.enum(["sha1", "sha256"]).optional(),
});

/** Another repository of the project: copies of what the primary one has, and more. */
const Copies = z.strictObject({
  role: z.enum(["final-repo", "cache-repo", "secondary-repo"]),
  copies: Ids,
  customTags: Refs.optional(),
  foreign: z.array(z.string()).optional(),
});

const Cluster = z.strictObject({
  objects: z.array(z.looseObject({ kind: z.string() })).default([]),
  /** Kinds of object that may be listed; absent: all. */
  may: z.array(z.string()).optional(),
  unreachable: z.literal(true).optional(),
});

const Trouble = z.strictObject({
  method: z.string().default("DELETE"),
  of: z.string().optional(),
  path: z.string().optional(),
  times: z.int().optional(),
  fault: z.looseObject({ kind: z.string() }),
});

const Expectation = z.strictObject({
  exit: z.union([z.int(), z.array(z.int())]),
  kept: Ids,
  deleted: Ids,
  either: Ids,
  records: z.array(MetadataRecord).optional(),
  recordsEither: z.array(MetadataRecord).default([]),
  warns: z.literal(true).optional(),
  says: z.array(z.string()).optional(),
  because: Refs.optional(),
  skipped: z.array(z.string()).optional(),
  failed: z.array(z.string()).optional(),
  order: z.array(z.array(z.string())).optional(),
  reachable: z.array(z.string()).optional(),
  unreachable: z.array(z.string()).optional(),
  returned: z.array(z.string()).optional(),
  changed: z.literal(true).optional(),
});

const ConfigObject = z.looseObject({
  project: z.string(),
  cleanup: z.looseObject({ disable: z.boolean().optional() }).optional(),
});

const Step = z.strictObject({
  git: Git.optional(),
  registry: Registry.optional(),
  config: ConfigObject.optional(),
  images: z.array(z.string()).optional(),
  others: z.record(z.string(), Copies).optional(),
  clusters: z.record(z.string(), Cluster).optional(),
  removed: Ids,
  command: z.string().optional(),
  args: z.array(z.string()).optional(),
  keepList: z.array(z.string()).optional(),
  expect: Expectation,
});

const Scenario = z.strictObject({
  id: z.string(),
  about: z.string(),
  needs: z.array(z.enum(["purge"])).default([]),
  config: ConfigObject.default({ configVersion: 1, project: "app" }),
  images: z.array(z.string()).optional(),
  configTail: z.string().default(""),
  git: Git.default({}),
  registry: Registry.default({}),
  others: z.record(z.string(), Copies).optional(),
  clusters: z.record(z.string(), Cluster).optional(),
  on: z.array(z.string()).optional(),
  server: z.looseObject({}).optional(),
  pushed: z.enum(["long-ago", "now"]).optional(),
  metaRepo: z.enum(["named", "unnamed"]).optional(),
  hindered: z.array(z.string()).optional(),
  trouble: z.array(Trouble).optional(),
  command: z.string().default("cleanup"),
  args: z.array(z.string()).default([]),
  keepList: z.array(z.string()).default([]),
  expect: Expectation.optional(),
  steps: z.array(Step).optional(),
});

export type Scenario = z.infer<typeof Scenario>;
export type Step = z.infer<typeof Step>;
export type Expectation = z.infer<typeof Expectation>;
export type GitSide = z.infer<typeof Git>;
export type CommitSpec = z.infer<typeof Commit>;
export type TagSpec = z.infer<typeof Tag>;
export type ConfigObject = z.infer<typeof ConfigObject>;
export type ClusterSpec = z.infer<typeof Cluster>;
export type CopiesSpec = z.infer<typeof Copies>;
export type TroubleSpec = z.infer<typeof Trouble>;

/** Every scenario of the file beside this one; a field that the runner does not know is an error. */
export function readScenarios(): Scenario[] {
  const file = new URL("cleanup-scenarios.json", import.meta.url);
  return z.array(Scenario).parse(JSON.parse(readFileSync(file, "utf8")));
}

/** The scenarios of this project, by the path of their file below `own/` without its ending. */
export function readOwnScenarios(): ReadonlyMap<string, readonly Scenario[]> {
  const folder = new URL("own/", import.meta.url);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .toSorted();
  return new Map(names.map((name) => [name.replace(/\.json$/, ""), readFileOf(name, folder)]));
}

function readFileOf(name: string, folder: URL): Scenario[] {
  try {
    return z.array(Scenario).parse(JSON.parse(readFileSync(new URL(name, folder), "utf8")));
  } catch (error) {
    throw new Error(`${name} holds no scenarios`, { cause: error });
  }
}

/** A scenario as the file has them. Throws when a field is missing or unknown. */
export function parseScenario(scenario: unknown): Scenario {
  return Scenario.parse(scenario);
}

/** The runs of a scenario; one without steps has one. */
export function stepsOf(scenario: Scenario): Step[] {
  if (scenario.steps !== undefined) return scenario.steps;
  if (scenario.expect === undefined) throw new Error(`${scenario.id} expects nothing`);
  return [{ removed: [], expect: scenario.expect }];
}

/** What holds at a step: lists of the earlier steps continued, maps of the registry added to, the rest replaced. */
export function afterStep(before: Scenario, step: Step): Scenario {
  return {
    ...before,
    config: step.config ?? before.config,
    images: step.images ?? before.images,
    command: step.command ?? before.command,
    others: { ...before.others, ...step.others },
    clusters:
      step.clusters === undefined ? before.clusters : { ...before.clusters, ...step.clusters },
    git: {
      ...before.git,
      ...step.git,
      commits: [...(before.git.commits ?? []), ...(step.git?.commits ?? [])],
    },
    registry: mergeRegistry(before.registry, step.registry ?? {}),
  };
}
