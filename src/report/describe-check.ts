import type { Check } from "../engine/cleanup/checks.ts";
import type { CommitCheck, CountedReference } from "../engine/cleanup/history-checks.ts";

import { counted } from "./format.ts";

const HOUR_MS = 3_600_000;

/** What was looked at, as words for one line, and below it what it rests on. */
export interface CheckWords {
  readonly line: string;
  readonly below: readonly string[];
}

/** Something that did not keep an image, in words. */
export function describeCheck(check: Check): CheckWords {
  switch (check.kind) {
    case "commit":
      return describeCommit(check);
    case "age":
      return leaf(describeAge(check));
    case "rejected":
      return leaf("so neither Git nor its age keeps it");
    case "no-history":
      return leaf("the Git policies do not count here");
    case "no-commit":
      return leaf("nothing ties it to a commit");
    case "unknown-image":
      return leaf(
        `its record of commit ${short(check.commit)} names an image that the project does not have`,
      );
    case "rule":
      return leaf(`${check.rule} claims it and keeps others`);
    case "usage":
      return leaf(
        check.images === undefined
          ? "no cluster was asked whether it is used"
          : `no cluster uses it; compared with ${counted(check.images, "image")} in use`,
      );
    case "named":
      return leaf("neither the keep list nor a running publisher names it");
    case "relations":
      return leaf("nothing that stays has it as child, ancestor, import or dependency");
  }
}

function describeCommit(check: CommitCheck): CheckWords {
  const { commit, image, isReached, moreCounted, unselected, moreUnselected } = check;
  const name = image === "" ? "the nameless image" : `image ${image}`;
  if (!isReached) {
    return leaf(`${name} at commit ${short(commit)}: no reference reaches this commit`);
  }
  return {
    line: `no keep policy keeps it as ${name} at commit ${short(commit)}`,
    below: [
      ...check.counted.map((reference) => describeCounted(reference, name)),
      ...more(moreCounted, "that a policy selects"),
      ...unselected.map((reference) => `${reference} reaches the commit, and no policy selects it`),
      ...more(moreUnselected, "that no policy selects"),
    ],
  };
}

function describeCounted(
  { reference, policy, rank, last, ageMs, inMs }: CountedReference,
  image: string,
): string {
  const limits = [
    ...(last === undefined ? [] : [`the newest ${last}`]),
    ...(inMs === undefined ? [] : [`those of the last ${inMs / HOUR_MS} hours`]),
  ];
  const age = inMs === undefined ? "" : `, ${Math.floor(ageMs / HOUR_MS)} hours old`;
  return `${reference} (keep policy ${policy + 1}) has the commit as number ${rank} of ${image}${age}; the policy keeps ${limits.join(" and ") || "others"}`;
}

function describeAge({ hours, builtAt, pushedAt }: Extract<Check, { kind: "age" }>): string {
  const age = hours === 0 ? "age keeps nothing" : `not built within the last ${hours} hours`;
  if (builtAt !== undefined) return `${age}: it was built at ${builtAt}`;
  return pushedAt === undefined ? age : `${age}: it was pushed at ${pushedAt}`;
}

function more(count: number, which: string): string[] {
  if (count === 0) return [];
  return [`and ${count} more ${count === 1 ? "reference" : "references"} ${which}`];
}

function leaf(line: string): CheckWords {
  return { line, below: [] };
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
