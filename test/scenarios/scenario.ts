import { readFileSync } from "node:fs";
import { z } from "zod";

/** Sign, number, unit, as in `-13h`; or an RFC 3339 instant. */
const When = z.string();
const Ids = z.array(z.string()).default([]);

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

const Refs = z.record(z.string(), z.string());

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

const Stage = z.strictObject({
  id: z.string(),
  built: When,
  content: z.string().optional(),
  created: When.optional(),
  parent: z.string().optional(),
  legacyParent: z.string().optional(),
  imports: Ids,
  externalImports: Ids,
  importChecksums: Ids,
  dependencies: Ids,
  sameManifestAs: z.string().optional(),
  tagged: z.boolean().default(true),
  media: z.enum(["docker", "oci"]).default("docker"),
  labels: z.record(z.string(), z.string()).default({}),
});

const Index = z.strictObject({
  id: z.string(),
  children: z.array(z.string()),
  content: z.string().optional(),
  media: z.enum(["docker", "oci"]).default("docker"),
  tagged: z.boolean().default(true),
});

const Foreign = z.union([
  z.strictObject({ tag: z.string() }),
  z.strictObject({ tag: z.string(), sameDigestAs: z.string() }),
  z.strictObject({ tag: z.string(), children: z.array(z.string()) }),
  z.strictObject({ prefix: z.string(), count: z.int() }),
]);

const MetadataRecord = z.tuple([z.string(), z.string(), z.string()]);

const Registry = z.strictObject({
  stages: z.array(Stage).optional(),
  indexes: z.array(Index).optional(),
  records: z.array(MetadataRecord).optional(),
  managedImages: z.array(z.string()).optional(),
  customTags: Refs.optional(),
  importRecords: z
    .array(z.strictObject({ id: z.string(), source: z.string(), checksum: z.string() }))
    .optional(),
  rejected: z.array(z.string()).optional(),
  foreign: z.array(Foreign).optional(),
  signatures: z.array(z.strictObject({ of: z.string(), suffix: z.string() })).optional(),
  service: z.array(z.string()).optional(),
  project: z.string().optional(),
});

const Expectation = z.strictObject({
  exit: z.union([z.int(), z.array(z.int())]),
  kept: Ids,
  deleted: Ids,
  either: Ids,
  records: z.array(MetadataRecord).optional(),
  recordsEither: z.array(MetadataRecord).default([]),
  warns: z.literal(true).optional(),
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
  removed: Ids,
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
export type RegistrySide = z.infer<typeof Registry>;
export type StageSpec = z.infer<typeof Stage>;
export type ForeignSpec = z.infer<typeof Foreign>;
export type MetadataRecord = z.infer<typeof MetadataRecord>;
export type ConfigObject = z.infer<typeof ConfigObject>;

/** Every scenario of the file beside this one; a field that the runner does not know is an error. */
export function readScenarios(): Scenario[] {
  const file = new URL("cleanup-scenarios.json", import.meta.url);
  return z.array(Scenario).parse(JSON.parse(readFileSync(file, "utf8")));
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
    git: {
      ...before.git,
      ...step.git,
      commits: [...(before.git.commits ?? []), ...(step.git?.commits ?? [])],
    },
    registry: mergeRegistry(before.registry, step.registry ?? {}),
  };
}

function mergeRegistry(before: RegistrySide, added: RegistrySide): RegistrySide {
  const join = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined): T[] | undefined =>
    a === undefined && b === undefined ? undefined : [...(a ?? []), ...(b ?? [])];
  return {
    stages: join(before.stages, added.stages),
    indexes: join(before.indexes, added.indexes),
    records: join(before.records, added.records),
    managedImages: join(before.managedImages, added.managedImages),
    customTags: { ...before.customTags, ...added.customTags },
    importRecords: join(before.importRecords, added.importRecords),
    rejected: join(before.rejected, added.rejected),
    foreign: join(before.foreign, added.foreign),
    signatures: join(before.signatures, added.signatures),
    service: join(before.service, added.service),
    project: added.project ?? before.project,
  };
}
