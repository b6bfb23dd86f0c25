import { describe, expect, it } from "vitest";
import type { HistoryReference } from "../../../src/engine/cleanup/history.ts";
import type { KeepPolicy, Limit } from "../../../src/engine/cleanup/policy.ts";
import { selectReferences } from "../../../src/engine/cleanup/references.ts";

const NOW = Date.UTC(2026, 0, 10);
const DAY_MS = 86_400_000;
const ALL: Limit = { last: undefined, inMs: undefined, operator: "And" };

describe("selectReferences", () => {
  it("selects by kind and by the whole name", () => {
    const references = [branch("main", 1), branch("mainline", 1), tag("main", 1)];

    expect(names([policy("branch", "^(?:main)$")], references)).toEqual(["branch main by 0"]);
  });

  it("counts the newest first, and equal dates by name", () => {
    const references = [branch("c", 2), branch("b", 1), branch("a", 2), branch("d", 3)];

    expect(names([policy("branch", ".", { ...ALL, last: 2 })], references)).toEqual([
      "branch b by 0",
      "branch a by 0",
    ]);
  });

  it("counts days back from now", () => {
    const references = [branch("young", 1), branch("old", 3)];
    const limit = { ...ALL, inMs: 2 * DAY_MS };

    expect(names([policy("branch", ".", limit)], references)).toEqual(["branch young by 0"]);
  });

  it("lets the last policy that selects a reference decide about its images", () => {
    const policies = [policy("branch", "."), policy("branch", "^(?:main)$")];

    expect(names(policies, [branch("main", 1), branch("test", 1)])).toEqual([
      "branch main by 1",
      "branch test by 0",
    ]);
  });

  it("does not take a reference from an earlier policy when a later one's limit leaves it out", () => {
    const policies = [policy("branch", "."), policy("branch", ".", { ...ALL, last: 1 })];

    expect(names(policies, [branch("new", 1), branch("old", 2)])).toEqual([
      "branch new by 1",
      "branch old by 0",
    ]);
  });

  it("tells what each policy selects, also where a later one decides", () => {
    const policies = [policy("branch", "."), policy("tag", "."), policy("branch", "^(?:main)$")];

    expect(selectReferences(policies, [branch("main", 1)], NOW).byPolicy).toEqual([
      ["main"],
      [],
      ["main"],
    ]);
  });

  it("selects nothing without a policy", () => {
    expect(selectReferences([], [branch("main", 1)], NOW)).toEqual({ selected: [], byPolicy: [] });
  });
});

function names(policies: readonly KeepPolicy[], references: readonly HistoryReference[]): string[] {
  return selectReferences(policies, references, NOW).selected.map(
    ({ reference, policy: place }) => `${reference.kind} ${reference.name} by ${place}`,
  );
}

function branch(name: string, daysOld: number): HistoryReference {
  return { kind: "branch", name, commit: "c", time: (NOW - daysOld * DAY_MS) / 1000 };
}

function tag(name: string, daysOld: number): HistoryReference {
  return { ...branch(name, daysOld), kind: "tag" };
}

function policy(kind: "branch" | "tag", regexp: string, limit: Limit = ALL): KeepPolicy {
  return {
    references: { kind, pattern: regexp, regexp, flags: "", limit },
    imagesPerReference: { last: 1, inMs: undefined, operator: "And" },
  };
}
