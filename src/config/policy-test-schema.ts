import { z } from "zod";
import { parseDuration } from "./duration.ts";
import { parsePattern } from "./pattern.ts";

/** A point in time: fixed, or so long before the `now` of the test. Milliseconds. */
export type When = { readonly at: number } | { readonly agoMs: number };

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/;

const WHEN_PROBLEM = "is no time (write 2026-01-31T10:00:00Z, or how long ago as a duration: 72h)";

const When = z.string(WHEN_PROBLEM).transform((text, context): When => {
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return { at };
  const ago = parseDuration(text);
  if ("ms" in ago) return { agoMs: ago.ms };
  context.addIssue({ code: "custom", message: WHEN_PROBLEM });
  return z.NEVER;
});

const Instant = z.string(WHEN_PROBLEM).transform((text, context): number => {
  const at = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  context.addIssue({ code: "custom", message: "is no time (write 2026-01-31T10:00:00Z)" });
  return z.NEVER;
});

/** YAML reads a commit that has digits only as a number, and cuts off what it cannot hold. */
const Commit = z
  .string("is no commit (put it in quotes)")
  .regex(/^[0-9a-f]{4,64}$/, "is no commit (4 to 64 hex digits, in lower case)");

const Strings = z.record(z.string(), z.string("is no text (put it in quotes)"));

const DigestWord = z.string("is no digest and no word for one").min(1, "is empty");

const manifestFields = {
  created: When.optional(),
  commit: Commit.optional(),
  labels: Strings.default({}),
  annotations: Strings.default({}),
  children: z.array(DigestWord).optional(),
  subject: DigestWord.optional(),
  unreadable: z.boolean("is neither true nor false").default(false),
};

const Manifest = z.strictObject(manifestFields, "is no mapping");

const Tag = z.strictObject(
  {
    digest: DigestWord.optional(),
    pushed: When.optional(),
    ...manifestFields,
  },
  "is no mapping (write {} when there is nothing to say)",
);

const Manifests = z.record(z.string(), Manifest).default({});
const Tags = z.record(z.string(), Tag);

const History = z.strictObject(
  {
    commits: z.array(
      z.strictObject(
        { id: Commit, at: When, parents: z.array(Commit).optional() },
        "is no mapping (write id and at)",
      ),
      "is no list of commits, newest first",
    ),
    branches: z.record(z.string(), Commit).default({}),
    tags: z
      .record(
        z.string(),
        z.union(
          [
            Commit.transform((commit) => ({ commit, at: undefined })),
            z.strictObject({ commit: Commit, at: When }),
          ],
          "is neither a commit nor commit and at",
        ),
      )
      .default({}),
  },
  "is no mapping (write commits and branches below it)",
);

const Selection = z
  .string("is no tag or /regexp/ (put it in quotes)")
  .transform((pattern, context) => {
    const result = parsePattern(pattern);
    if (!("problem" in result)) return { pattern, ...result };
    context.addIssue({ code: "custom", message: result.problem });
    return z.NEVER;
  });

const Expectation = z
  .strictObject(
    {
      kept: Selection.optional(),
      goes: Selection.optional(),
      by: z.string("is no text").min(1, "is empty").optional(),
      because: z.string("is no text").min(1, "is empty").optional(),
    },
    "is no mapping (write kept: TAG or goes: TAG)",
  )
  .refine(({ kept, goes }) => (kept === undefined) !== (goes === undefined), {
    error: "names neither or both of kept and goes (write exactly one)",
    when: () => true,
  })
  .refine(({ kept, by }) => by === undefined || kept !== undefined, {
    error: "has by, which tells what keeps a tag, without kept (write because for a tag that goes)",
    when: ({ issues }) => issues.length === 0,
  })
  .refine(({ goes, because }) => because === undefined || goes !== undefined, {
    error:
      "has because, which tells why a tag goes, without goes (write by for a tag that is kept)",
    when: ({ issues }) => issues.length === 0,
  });

const SCHEMA = z.literal(1, "has to be 1 (write schema: 1)");

/** A file of expectations. */
export const PolicyTestFile = z.strictObject(
  {
    schema: SCHEMA,
    now: Instant.optional(),
    repository: z.string("is no address").min(1, "is empty").optional(),
    listing: z.string("is no path").min(1, "is empty").optional(),
    tags: Tags.default({}),
    manifests: Manifests,
    history: History.optional(),
    keepList: z.array(z.string("is no tag")).default([]),
    expect: z
      .array(Expectation, "is no list (begin each expectation with a dash)")
      .min(1, "is empty: it expects nothing"),
  },
  "is no mapping (write schema: 1, tags and expect)",
);

/** A saved listing. */
export const ListingFile = z.strictObject(
  {
    kind: z.literal("tidemark-listing", "has to be tidemark-listing"),
    schema: SCHEMA,
    repository: z.string(),
    savedAt: Instant,
    tags: Tags,
    manifests: Manifests,
  },
  "is no listing (save one with tidemark policy listing)",
);

export type PolicyTestFile = z.infer<typeof PolicyTestFile>;
export type ListingFile = z.infer<typeof ListingFile>;
export type TestedManifest = z.infer<typeof Manifest>;
export type TestedTag = z.infer<typeof Tag>;
export type TestedHistory = z.infer<typeof History>;
export type Expectation = z.infer<typeof Expectation>;
