import { z } from "zod";
import { Duration, Last, Operator, flag } from "./fields.ts";
import { parsePattern } from "./pattern.ts";
import { parseVersionRange } from "./version-range.ts";

const MAX_NAME_LENGTH = 60;

/** What a pattern of tags may tell besides whether it matches. */
const GROUPS = ["image", "commit", "version"];

function tagPattern(groups: readonly string[]) {
  return z.string("is no tag or /regexp/ (put it in quotes)").transform((pattern, context) => {
    const result = parsePattern(pattern, groups);
    if (!("problem" in result)) return { pattern, ...result };
    context.addIssue({ code: "custom", message: result.problem });
    return z.NEVER;
  });
}

const Versions = z
  .string("is no range of versions (put it in quotes)")
  .transform((text, context) => {
    const result = parseVersionRange(text);
    if (!("problem" in result)) return result;
    context.addIssue({ code: "custom", message: result.problem });
    return z.NEVER;
  });

const KeepEntry = z
  .strictObject(
    {
      tags: tagPattern([])
        .optional()
        .describe("Only these tags: a tag or a /regexp/ in RE2 syntax."),
      withoutCommit: flag(false, "Only tags that name no commit."),
      semver: Versions.optional().describe(
        "Only semantic versions, and of them those in the range: *, ^1.4, >=1.2 <3.",
      ),
      last: Last.optional().describe(
        "The newest N; with semver the highest N; -1 for all of them.",
      ),
      per: z
        .enum(["image", "major", "minor"], "is neither image nor major nor minor")
        .default("image")
        .describe("What `last` counts in; major and minor need semver."),
      in: Duration.optional(),
      operator: Operator,
    },
    "is no mapping (write last, in, semver or tags below it)",
  )
  .refine(({ per, semver }) => per === "image" || semver !== undefined, {
    error: 'counts per major or minor version without semver (write semver: "*")',
    when: ({ issues }) => issues.length === 0,
  })
  .refine(
    ({ tags, withoutCommit, semver, last, in: age }) =>
      withoutCommit || [tags, semver, last, age].some((part) => part !== undefined),
    {
      error: "says nothing (write last, in, semver, tags or withoutCommit)",
      when: ({ issues }) => issues.length === 0,
    },
  );

const Rule = z.strictObject(
  {
    name: z
      .string("is no name (put it in quotes)")
      .min(1, "is empty")
      .max(MAX_NAME_LENGTH, `is longer than ${MAX_NAME_LENGTH} characters`)
      .optional()
      .describe("What reports call the rule; default: rule N."),
    tags: tagPattern(GROUPS).describe(
      "Tags that it claims: a tag or a /regexp/ in RE2 syntax, with the groups image, commit and version.",
    ),
    image: z
      .string("is no name (put it in quotes)")
      .min(1, "is empty (leave it out for the last part of the repository's name)")
      .optional()
      .describe("The image that all of its tags are of; else the group image."),
    gitHistory: flag(true, "Keep by keepPolicies what names a commit."),
    readRevision: flag(
      true,
      "Take the commit from org.opencontainers.image.revision where the tag does not tell it.",
    ),
    keep: z
      .array(KeepEntry, "is no list (begin each entry with a dash)")
      .default([])
      .describe("What stays besides."),
  },
  "is no mapping (write tags below it)",
);

/** `cleanup.rules`. */
export const Rules = z
  .array(Rule, "is no list (begin each rule with a dash)")
  .default([])
  .describe("Which foreign tags are this project's; the first rule that matches a tag has it.");

export type Rules = z.infer<typeof Rules>;
