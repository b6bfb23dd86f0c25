import { z } from "zod";
import { Duration, Last, Operator, flag } from "./fields.ts";
import { parsePattern } from "./pattern.ts";
import { Rules } from "./rules-schema.ts";
import { Usage } from "./usage-schema.ts";

const PROJECT = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const MAX_PROJECT_LENGTH = 50;

const Pattern = z
  .string("is no name or /regexp/ (put it in quotes)")
  .transform((pattern, context) => {
    const result = parsePattern(pattern);
    if (!("problem" in result)) return { pattern, ...result };
    context.addIssue({ code: "custom", message: result.problem });
    return z.NEVER;
  });

const ReferenceLimit = z.strictObject(
  {
    last: Last.optional().describe("The newest N references; -1 for all of them."),
    in: Duration.optional(),
    operator: Operator,
  },
  "is no mapping (write last, in or operator below it)",
);

const ImagesPerReference = z.strictObject(
  {
    last: Last.prefault(1).describe("The newest N commits that have an image; -1 for all of them."),
    in: Duration.optional(),
    operator: Operator,
  },
  "is no mapping (write last, in or operator below it)",
);

const References = z
  .strictObject(
    {
      branch: Pattern.optional().describe("Branches: a name or a /regexp/ in RE2 syntax."),
      tag: Pattern.optional().describe("Git tags: a name or a /regexp/ in RE2 syntax."),
      limit: ReferenceLimit.prefault({}),
    },
    "is no mapping (write branch or tag below it)",
  )
  .refine(hasOneOf("branch", "tag"), {
    error: "names neither or both of branch and tag (write exactly one)",
    when: () => true,
  })
  .meta({ oneOf: [{ required: ["branch"] }, { required: ["tag"] }] });

const KeepPolicy = z.strictObject(
  {
    references: References,
    imagesPerReference: ImagesPerReference.prefault({}),
  },
  "is no mapping (write references below it)",
);

const Cleanup = z.strictObject(
  {
    disable: flag(false, "Change nothing in this project's repository."),
    disableKubernetesBasedPolicy: flag(false, "Do not ask clusters which images they use."),
    disableGitHistoryBasedPolicy: flag(false, "Keep nothing because of its Git history."),
    disableBuiltWithinLastNHoursPolicy: flag(false, "Keep nothing because of its age."),
    keepImagesBuiltWithinLastNHours: z
      .int("is no whole number of hours")
      .min(0, "is negative (0 switches the policy off)")
      .default(2)
      .describe("Hours; 0 switches the policy off."),
    deleteUntagged: flag(
      false,
      "Delete manifests that no tag names and nothing that stays leads to, where the registry lists them.",
    ),
    deleteOrphans: flag(
      false,
      "Delete signatures and other referrers whose image is not there any more.",
    ),
    keepPolicies: z
      .array(KeepPolicy, "is no list (begin each policy with a dash)")
      .default([])
      .describe("The last policy that selects a reference decides; none: the built-in ones."),
    retireImagesAfter: Duration.optional().describe(
      "How long after its last build an image name goes that no reference defines; never when it is not given.",
    ),
    rules: Rules,
  },
  "is no mapping",
);

const GitWorktree = z.strictObject(
  {
    forceShallowClone: flag(false, "Take a shallow clone as it is."),
    allowUnshallow: flag(true, "Read for builds; a cleanup deepens the clone it fetches into."),
    allowFetchOriginBranchesAndTags: flag(true, "Fetch the remote's branches and tags first."),
  },
  "is no mapping",
);

/** The configuration file, or the meta document of a `werf.yaml` without the keys that cleanup has no use for. */
export const ConfigFile = z.strictObject(
  {
    configVersion: z.literal(1, "has to be 1 (write configVersion: 1)"),
    project: z
      .string("has to be a name (write project: NAME)")
      .max(MAX_PROJECT_LENGTH, `is longer than ${MAX_PROJECT_LENGTH} characters`)
      .regex(PROJECT, "is no project name (lower-case letters, digits, and dashes between them)")
      .describe("The project whose stages and records these are."),
    images: z
      .array(z.string("is no name"), "is no list of names")
      .optional()
      .describe("All image names of the project, in place of those that werf.yaml defines."),
    cleanup: Cleanup.prefault({}),
    usage: Usage.prefault({}),
    gitWorktree: GitWorktree.prefault({}),
  },
  "is no mapping (write configVersion: 1 and project: NAME)",
);

export type ConfigFile = z.infer<typeof ConfigFile>;

/** The JSON Schema of a configuration file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(ConfigFile, { io: "input" }), title: "Tidemark configuration" };
}

function hasOneOf(first: string, second: string): (value: unknown) => boolean {
  return (value) =>
    typeof value !== "object" ||
    value === null ||
    Object.hasOwn(value, first) !== Object.hasOwn(value, second);
}
