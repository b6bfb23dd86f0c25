import type { CleanupInput } from "../inventory.ts";
import type { Rule, Version } from "./rule.ts";
import { parseVersion } from "./version.ts";

/** That a rule claims a tag, and what the tag's name tells. */
export interface Claim {
  readonly rule: Rule;
  /** Name of the image. */
  readonly image: string;
  /** From the group `commit`: at least seven hex digits, lower case. Absent: the name tells none. */
  readonly commit?: string;
  /** What the group `version` matched, else the whole tag; absent: it is no whole semantic version. */
  readonly version?: Version;
}

/** As much of the input as tells what rules claim. */
export type ClaimInput = Pick<CleanupInput, "tags" | "rules" | "repository" | "primary">;

/** A commit in full, or an abbreviation that Git itself would still write. */
const COMMIT = /^[0-9a-f]{7,64}$/;

/**
 * Gives each foreign tag to the first rule that matches it.
 *
 * No rule gets a tag of a class of its own (stages, indexes, records, signatures), and none that the record of a custom
 * tag tells of. In a copy of another repository rules claim nothing.
 *
 * @param isCustomTag Whether a tag may be a custom tag of the project.
 */
export function claimTags(
  { tags, rules = [], repository, primary }: ClaimInput,
  isCustomTag: (tag: string) => boolean,
): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  if (rules.length === 0 || primary !== undefined) return claims;
  const patterns = rules.map((rule) => ({
    rule,
    regexp: new RegExp(rule.tags.regexp, rule.tags.flags),
  }));
  const itself = repository.name.split("/").at(-1) ?? "";
  for (const { tag, class: known } of tags) {
    if (known.kind !== "foreign" || isCustomTag(tag)) continue;
    for (const { rule, regexp } of patterns) {
      const match = regexp.exec(tag);
      if (match === null) continue;
      claims.set(tag, claimOf(tag, rule, match.groups ?? {}, itself));
      break;
    }
  }
  return claims;
}

function claimOf(
  tag: string,
  rule: Rule,
  groups: Readonly<Record<string, string | undefined>>,
  itself: string,
): Claim {
  const { image, commit: found, version: text } = groups;
  const commit = found?.toLowerCase();
  const version = parseVersion(text ?? tag);
  return {
    rule,
    image: rule.image ?? (image === undefined || image === "" ? itself : image),
    ...(commit !== undefined && COMMIT.test(commit) ? { commit } : {}),
    ...(version === undefined ? {} : { version }),
  };
}
