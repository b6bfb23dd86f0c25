import type { KeepPolicy, Limit } from "./config.ts";

const HOUR_MS = 3_600_000;
const NO_LIMIT: Limit = { last: undefined, inMs: undefined, operator: "And" };

/**
 * What counts in a project without policies of its own: ten tags, ten branches of the last week with two
 * images each, ten images of a main branch. Source: werf, the defaults in its code.
 */
export const BUILT_IN_POLICIES: readonly KeepPolicy[] = [
  policy("tag", ".*", { ...NO_LIMIT, last: 10 }, { ...NO_LIMIT, last: 1 }),
  policy(
    "branch",
    ".*",
    { last: 10, inMs: 168 * HOUR_MS, operator: "And" },
    { last: 2, inMs: 168 * HOUR_MS, operator: "And" },
  ),
  policy("branch", "main|master|staging|production", NO_LIMIT, { ...NO_LIMIT, last: 10 }),
];

function policy(
  kind: "branch" | "tag",
  regexp: string,
  limit: Limit,
  imagesPerReference: Limit,
): KeepPolicy {
  return {
    references: {
      kind,
      pattern: `/${regexp}/`,
      regexp: `^(?:${regexp})$`,
      flags: "v",
      limit,
    },
    imagesPerReference,
  };
}
