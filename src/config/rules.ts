import type { Rule } from "./config.ts";
import type { Rules } from "./rules-schema.ts";

/** Rules as the rest of the product knows them, with their default names. */
export function toRules(rules: Rules): readonly Rule[] {
  return rules.map(({ name, tags, image, gitHistory, readRevision, keep }, place) => ({
    name: name ?? `rule ${place + 1}`,
    tags,
    image,
    gitHistory,
    readRevision,
    keep: keep.map((entry) => ({
      tags: entry.tags,
      withoutCommit: entry.withoutCommit,
      versions: entry.semver,
      per: entry.per,
      limit: { last: entry.last, inMs: entry.in, operator: entry.operator },
    })),
  }));
}
