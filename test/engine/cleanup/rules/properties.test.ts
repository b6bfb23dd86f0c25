import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitOf, digestOf, lineOf } from "../repository.ts";
import { going, planClaims } from "./claimed.ts";
import type { ClaimedRepository, TagSpec } from "./claimed.ts";
import { mayGo } from "./plain-reading.ts";
import type { Entry, Repository, Seed } from "./plain-reading.ts";

const COMMITS = ["a", "b", "c", "d"];
const LETTERS = Array.from("0123456789abcdef");
const IMAGES = LETTERS.slice(0, 10);
const INDEXES = LETTERS.slice(10);
const RUNS = { numRuns: 500 };

const seed: fc.Arbitrary<Seed> = fc.record({
  digest: fc.constantFrom(...IMAGES),
  image: fc.constantFrom("api", "web"),
  commit: fc.constantFrom(undefined, ...COMMITS, "f"),
  version: fc.option(fc.tuple(fc.nat(2), fc.nat(2)), { nil: undefined }),
  pushed: fc.option(fc.nat(12), { nil: undefined }),
});

const entry: fc.Arbitrary<Entry> = fc
  .record(
    {
      tags: fc.constant("/web-.*/"),
      withoutCommit: fc.boolean(),
      semver: fc.constantFrom("*", ">=1.1.0", "~1.2"),
      last: fc.integer({ min: -1, max: 3 }),
      in: fc.constantFrom("24h", "120h"),
      operator: fc.constantFrom("And", "Or"),
    },
    { requiredKeys: ["operator"] },
  )
  .filter(({ tags, withoutCommit, semver, last, in: within }) =>
    [tags, withoutCommit === true || undefined, semver, last, within].some(Boolean),
  );

interface Sample extends Repository {
  /** Children of indexes by letter. */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** Whether a rule claims the indexes, and lets all of them go. */
  readonly claimsIndexes: boolean;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  seeds: fc.uniqueArray(seed, { maxLength: 12, selector: tagOf }),
  keep: fc.array(entry, { maxLength: 3 }),
  gitHistory: fc.boolean(),
  commits: fc.constant(COMMITS),
  indexes: fc.dictionary(
    fc.constantFrom(...INDEXES),
    fc.subarray(IMAGES, { minLength: 1, maxLength: 3 }),
    { maxKeys: 2 },
  ),
  claimsIndexes: fc.boolean(),
});

describe("rules", () => {
  it("let go exactly what a plain reading of them lets go", () => {
    fc.assert(
      fc.property(sample, (drawn) => {
        const held = drawn.claimsIndexes ? [] : Object.values(drawn.indexes).flat();
        const expected = drawn.seeds
          .filter((each) => mayGo(each, drawn) && !held.includes(each.digest))
          .map(tagOf);

        const gone = going(repositoryOf(drawn)).filter((tag) => !tag.startsWith("index"));

        expect(gone).toEqual(expected.sort());
      }),
      RUNS,
    );
  });

  it("delete no manifest that a tag which stays leads to", () => {
    fc.assert(
      fc.property(sample, (drawn) => {
        const { kept, deletions } = planClaims(repositoryOf(drawn)).plan;
        const reached = new Set(kept.map(({ digest }) => digest));
        for (const [letter, children] of Object.entries(drawn.indexes)) {
          if (reached.has(digestOf(letter)))
            for (const child of children) reached.add(digestOf(child));
        }

        const lost = deletions.filter(
          ({ how, digest }) => how === "manifest" && reached.has(digest),
        );

        expect(lost).toEqual([]);
      }),
      RUNS,
    );
  });

  it("let an index go before what it leads to", () => {
    fc.assert(
      fc.property(sample, (drawn) => {
        const { deletions } = planClaims(repositoryOf(drawn)).plan;
        const places = new Map(deletions.map(({ digest }, place) => [digest, place]));
        const tooEarly = Object.entries(drawn.indexes).flatMap(([letter, children]) => {
          const index = places.get(digestOf(letter)) ?? -1;
          return children.filter((child) => (places.get(digestOf(child)) ?? Infinity) < index);
        });

        expect(tooEarly).toEqual([]);
      }),
      RUNS,
    );
  });

  it("delete nothing the second time", () => {
    fc.assert(
      fc.property(sample, (drawn) => {
        const repository = repositoryOf(drawn);
        const gone = new Set(going(repository));
        const left = Object.entries(repository.tags).filter(([tag]) => !gone.has(tag));

        expect(going({ ...repository, tags: Object.fromEntries(left) })).toEqual([]);
      }),
      RUNS,
    );
  });

  it("delete no more for an entry without a limit, or for a tag in the keep list", () => {
    fc.assert(
      fc.property(sample, fc.nat(), (drawn, at) => {
        const repository = repositoryOf(drawn);
        const before = new Set(going(repository));
        const tags = Object.keys(repository.tags);
        const keep = [...drawn.keep, { tags: "/api-.*/", operator: "And" as const }];

        const byEntry = going(repositoryOf({ ...drawn, keep }));
        const keepList = new Set(tags.slice(at % Math.max(1, tags.length)).slice(0, 1));
        const byList = going({ ...repository, more: { keepList } });

        expect([...byEntry, ...byList].filter((tag) => !before.has(tag))).toEqual([]);
      }),
      RUNS,
    );
  });
});

function repositoryOf({
  seeds,
  keep,
  gitHistory,
  indexes,
  claimsIndexes,
}: Sample): ClaimedRepository {
  const rules = [
    {
      tags: "/(?P<image>api|web)-(?:v(?P<version>[0-9.]+)-)?(?:g(?P<commit>[0-9a-f]+)-)?[0-9]/",
      gitHistory,
      keep,
    },
    ...(claimsIndexes ? [{ tags: "/index-.*/", gitHistory: false, keep: [{ last: 0 }] }] : []),
  ];
  const tags: Record<string, TagSpec> = {};
  for (const each of seeds) {
    const { digest, pushed } = each;
    tags[tagOf(each)] = pushed === undefined ? digest : [digest, pushed];
  }
  for (const letter of Object.keys(indexes)) tags[`index-${letter}`] = letter;
  const manifests = Object.fromEntries(
    Object.entries(indexes).map(([letter, children]) => [letter, { children }]),
  );
  return { rules, tags, manifests, history: lineOf(...COMMITS) };
}

/** `web-v1.2.0-gaaaaaaa-3`: the last digit is that of the digest. */
function tagOf({ image, version, commit, digest }: Seed): string {
  const [minor, patch] = version ?? [];
  return [
    image,
    ...(minor === undefined ? [] : [`v1.${minor}.${patch}`]),
    ...(commit === undefined ? [] : [`g${commitOf(commit).slice(0, 8)}`]),
    digest,
  ].join("-");
}
