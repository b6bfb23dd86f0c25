import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { judgeHistory } from "../../../src/engine/cleanup/git-policy.ts";
import type { BuildRecord } from "../../../src/engine/cleanup/git-policy.ts";
import { checkCommits } from "../../../src/engine/cleanup/history-checks.ts";
import type { CommitCheck } from "../../../src/engine/cleanup/history-checks.ts";
import type { History } from "../../../src/engine/cleanup/history.ts";
import type { KeepPolicy, Limit } from "../../../src/engine/cleanup/policy.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 31);
const ALL: Limit = { last: undefined, inMs: undefined, operator: "And" };

describe("what the history says about a commit", () => {
  it("is its place among the images of its name, for each reference that a policy selects", () => {
    const [check] = checked({
      branches: { main: 0, release: 1 },
      stages: ["a@0", "b@1", "c@2"],
      about: "c",
    });

    expect(check).toEqual({
      kind: "commit",
      commit: "2",
      image: "web",
      isReached: true,
      counted: [
        { reference: "branch main", policy: 0, rank: 3, last: 1, ageMs: 2 * HOUR_MS },
        { reference: "branch release", policy: 0, rank: 2, last: 1, ageMs: 2 * HOUR_MS },
      ],
      moreCounted: 0,
      unselected: [],
      moreUnselected: 0,
    });
  });

  it("names the references that reach it and that no policy selects", () => {
    const [check] = checked({
      branches: { main: 2, old: 0 },
      policies: "main",
      stages: ["a@1"],
      about: "a",
    });

    expect(check).toMatchObject({ isReached: true, counted: [], unselected: ["branch old"] });
  });

  it("is that nobody reaches it", () => {
    const [check] = checked({ branches: { main: 2 }, stages: ["a@1"], about: "a" });

    expect(check).toMatchObject({ isReached: false, counted: [], unselected: [] });
  });

  it("counts the references beyond the first eight", () => {
    const branches = Object.fromEntries(Array.from({ length: 11 }, (_, place) => [`b${place}`, 0]));

    const [check] = checked({ branches, stages: ["a@0", "b@1"], about: "b" });

    expect(check?.counted).toHaveLength(8);
    expect(check?.moreCounted).toBe(3);
  });
});

it("agrees with the decision: a stage stays exactly where a place is within its limit", () => {
  const spec = fc.record({
    tips: fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }),
    last: fc.integer({ min: 1, max: 4 }),
    stages: fc.array(fc.tuple(fc.nat(3), fc.nat(7)), { minLength: 1, maxLength: 10 }),
  });
  fc.assert(
    fc.property(spec, ({ tips, last, stages }) => {
      const branches = Object.fromEntries(tips.map((tip, place) => [`b${place}`, tip]));
      const history = historyOf(branches);
      const policies = [policyOf("b.*", last)];
      const records = stages.map(([stage, commit], place) =>
        recordOf(`r${place}`, `s${stage}`, commit),
      );
      const { kept } = judgeHistory(records, history, policies, NOW);
      for (const { stageId } of records) {
        const own = records.filter((record) => record.stageId === stageId);
        const checks = checkCommits(records, own, history, policies, NOW);
        const isWithin = checks.some(({ counted }) => counted.some(({ rank }) => rank <= last));

        expect(isWithin).toBe(kept.has(stageId));
      }
    }),
    { numRuns: 500 },
  );
});

interface Spec {
  /** Branches with the places of their tips in a line of commits `0`, `1`, …, newest first, an hour apart. */
  readonly branches: Readonly<Record<string, number>>;
  /** Names of the branches that the policy selects, a regular expression. */
  readonly policies?: string;
  /** `stage@commit`. */
  readonly stages: readonly string[];
  readonly about: string;
}

function checked({ branches, policies = ".*", stages, about }: Spec): readonly CommitCheck[] {
  const records = stages.map((text) => {
    const [stage = "", commit = ""] = text.split("@");
    return recordOf(`record of ${stage}`, stage, Number(commit));
  });
  const own = records.filter(({ stageId }) => stageId === about);
  return checkCommits(records, own, historyOf(branches), [policyOf(policies, 1)], NOW);
}

function recordOf(tag: string, stageId: string, commit: number): BuildRecord {
  return { tag, image: "web", commit: String(commit), stageId };
}

function policyOf(regexp: string, last: number): KeepPolicy {
  const references = {
    kind: "branch",
    pattern: regexp,
    regexp: `^(?:${regexp})$`,
    flags: "",
    limit: ALL,
  } as const;
  return { references, imagesPerReference: { ...ALL, last } };
}

function historyOf(branches: Readonly<Record<string, number>>): History {
  const size = 8;
  const times = Array.from({ length: size }, (_, place) => (NOW - place * HOUR_MS) / 1000);
  return {
    references: Object.entries(branches).map(([name, tip]) => ({
      kind: "branch",
      name,
      commit: String(tip),
      time: times[tip] ?? 0,
    })),
    graph: {
      size,
      indexOf: (hex) => Number(hex),
      hexOf: String,
      times,
      parentOffsets: [0, 1, 2, 3, 4, 5, 6, 7, 7],
      parents: [1, 2, 3, 4, 5, 6, 7],
    },
  };
}
