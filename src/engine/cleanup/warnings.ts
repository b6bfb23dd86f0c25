import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import type { HistoryVerdict } from "./git-policy.ts";
import type { Judgement } from "./judge.ts";
import type { CleanupInput, Facts } from "./inventory.ts";

/** Most tags one kind of warning names; the rest are counted. */
const MAX_NAMED = 10;

/** What a person ought to look at, though nothing stops for it. */
export function warningsOf(
  input: CleanupInput,
  catalog: Catalog,
  history: HistoryVerdict | undefined,
  facts: ReadonlyMap<Digest, Facts>,
): string[] {
  const dangling = [...catalog.tags.values()].filter(({ digest }) => digest === undefined);
  return [
    ...(input.tags.length === 0 ? ["the repository has no tags"] : []),
    ...idlePolicies(input, history),
    ...idleRules(input, catalog),
    ...named(
      dangling.map(({ tag }) => tag),
      "is listed but resolves to nothing; it is kept",
    ),
    ...named(brokenTags(catalog, facts), "cannot be read, so what it needs is not known"),
  ];
}

/** What kept signatures and manifests without a tag from going. */
export function sweepWarnings({
  orphans,
  blindSpots,
}: Pick<Judgement, "orphans" | "blindSpots">): string[] {
  const left = [...orphans.tags.values()]
    .flat()
    .map(({ tag }) => tag)
    .filter((tag) => !orphans.going.has(tag));
  const [first, ...others] = left;
  const [blind] = blindSpots;
  return [
    ...(first === undefined
      ? []
      : [
          `${left.length === 1 ? "1 signature tag is" : `${left.length} signature tags are`} about images that are not there: ${first}${others.length > 0 ? " and others" : ""}; --delete-orphans removes them`,
        ]),
    ...(blind === undefined
      ? []
      : [
          `${blind} cannot be read, so nobody knows which untagged manifests it needs: all of them stay`,
        ]),
  ];
}

function idlePolicies(
  { policies, builtInPolicies }: CleanupInput,
  history: HistoryVerdict | undefined,
): string[] {
  if (builtInPolicies) return [];
  return (history?.byPolicy ?? []).flatMap((names, place) => {
    const references = policies[place]?.references;
    if (names.length > 0 || references === undefined) return [];
    return [
      `keep policy ${place + 1} (${references.kind} ${references.pattern}) matches no reference`,
    ];
  });
}

/** In a copy rules claim nothing, so that is no news there. */
function idleRules({ tags, rules = [], primary }: CleanupInput, { claims }: Catalog): string[] {
  if (primary !== undefined) return [];
  const busy = new Set([...claims.values()].map(({ rule }) => rule));
  return rules.flatMap((rule) => {
    if (busy.has(rule)) return [];
    const regexp = new RegExp(rule.tags.regexp, rule.tags.flags);
    const why = tags.some(({ tag }) => regexp.test(tag))
      ? "claims no tag: what it matches belongs to an earlier rule, or is a stage, a record or a signature"
      : "matches no tag";
    return [`${rule.name} (${rule.tags.pattern}) ${why}`];
  });
}

function brokenTags(catalog: Catalog, facts: ReadonlyMap<Digest, Facts>): string[] {
  return [...facts].flatMap(([digest, known]) =>
    isBroken(known) ? (catalog.byDigest.get(digest) ?? []).map(({ tag }) => tag) : [],
  );
}

function isBroken(known: Facts): boolean {
  if (known.kind === "image") return known.image === "unreadable";
  return known.kind === "absent" || known.kind === "unreadable";
}

function named(tags: readonly string[], what: string): string[] {
  const lines = tags.slice(0, MAX_NAMED).map((tag) => `${tag} ${what}`);
  const more = tags.length - lines.length;
  return more > 0 ? [...lines, `${more} more: ${what}`] : lines;
}
