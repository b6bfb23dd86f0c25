import { describe, expect, it } from "vitest";
import { keptManifests, planSweep } from "./manifests.ts";
import type { Stored } from "./manifests.ts";
import { digestOf, stageOf } from "./repository.ts";

const A = stageOf("a");
const INDEX = "d".repeat(56);

describe("manifests that no tag names", () => {
  it("stay when nobody asked for them", () => {
    const { goes, plan } = planSweep({
      stored: { 1: { tags: [A] }, 2: {}, 3: { about: "2" } },
      keep: [A],
      deleteOrphans: true,
    });

    expect(goes).toEqual([]);
    expect(keptManifests(plan)).toEqual({
      2: [{ kind: "untagged" }],
      3: [{ kind: "referrer", of: digestOf("2") }],
    });
  });

  it("go when nothing that stays leads to them, indexes before children, subjects before referrers", () => {
    const { goes, plan } = planSweep({
      stored: {
        1: { tags: [A] },
        2: { children: ["3"] },
        3: { children: ["4"] },
        4: {},
        5: { about: "4" },
      },
      keep: [A],
      deleteUntagged: true,
    });

    expect(goes).toEqual(["2", "3", "4", "5"]);
    expect(plan.deletions.map(({ because, after }) => [because, after])).toEqual([
      ["untagged", []],
      ["untagged", [digestOf("2")]],
      ["untagged", [digestOf("3")]],
      ["subject-gone", [digestOf("4")]],
    ]);
  });

  it("stay while a kept tag leads to them: as a child, as a child's child, as a referrer, as a subject", () => {
    const { goes, plan } = planSweep({
      stored: {
        1: { tags: [INDEX], children: ["2", "3"] },
        2: {},
        3: { children: ["4"] },
        4: {},
        5: { about: "4" },
        6: { tags: ["notes"], about: "7" },
        7: {},
      },
      keep: [INDEX],
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
    expect(Object.keys(keptManifests(plan))).toEqual(["2", "3", "4", "5", "7"]);
    expect(keptManifests(plan)).toMatchObject({
      2: [{ kind: "index-child", of: INDEX }],
      4: [{ kind: "index-child", of: digestOf("3") }],
      7: [{ kind: "subject", of: "notes" }],
    });
  });

  it("go with the index that goes, after it", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [INDEX], children: ["2"] }, 2: {} },
      deleteUntagged: true,
      hours: 1,
    });

    expect(goes).toEqual([INDEX, "2"]);
  });

  it("stay while they are young, or may be, with all they lead to", () => {
    const stored: Record<string, Stored> = {
      1: { tags: [A] },
      2: { pushed: 1, children: ["3"] },
      3: {},
      4: { pushed: null },
      5: { pushed: 3 },
    };

    expect(planSweep({ stored, keep: [A], deleteUntagged: true }).goes).toEqual(["5"]);
    expect(
      keptManifests(planSweep({ stored, keep: [A], deleteUntagged: true }).plan),
    ).toMatchObject({ 2: [{ kind: "built-recently" }], 4: [{ kind: "unknown-age" }] });
    expect(planSweep({ stored, keep: [A], deleteUntagged: true, hours: 0 }).goes).toEqual([
      "2",
      "4",
      "5",
      "3",
    ]);
  });

  it("stay when a person names their digest", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [A] }, 2: { children: ["3"] }, 3: {} },
      keep: [A, digestOf("2")],
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
  });

  it("all stay while a tag that stays may be an index that nobody can read", () => {
    const { goes, plan } = planSweep({
      stored: {
        1: { tags: [A] },
        2: {},
        3: { tags: ["bundle"], children: ["2"], unreadable: true },
      },
      keep: [A],
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
    expect(plan.warnings.at(-1)).toBe(
      "bundle cannot be read, so nobody knows which untagged manifests it needs: all of them stay",
    );
  });

  it("stay when they cannot be read themselves", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [A] }, 2: { unreadable: true } },
      keep: [A],
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
  });

  it("stay behind a signature that stays, whatever it is about", () => {
    const fallback = `sha256-${"9".repeat(64)}`;
    const { goes } = planSweep({
      stored: { 1: { tags: [A] }, 2: { tags: [fallback], children: ["3"] }, 3: { about: "9" } },
      keep: [A],
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
  });

  it("stay where manifests cannot be deleted", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [A] }, 2: {} },
      keep: [A],
      deleteUntagged: true,
      means: { manifest: false },
    });

    expect(goes).toEqual([]);
  });
});

describe("a registry that deletes children with their index", () => {
  const stored: Record<string, Stored> = {
    1: { tags: [INDEX], children: ["2", "3"] },
    2: {},
    3: {},
    4: { tags: ["notes"], about: "2" },
  };
  const takes = { cascade: ["tags", "children"] } as const;

  it("keeps the index's manifest where something kept needs a child that nothing else names", () => {
    const { plan } = planSweep({ stored, means: takes });

    expect(plan.deletions).toMatchObject([{ how: "tag", tags: [{ tag: INDEX }] }]);
  });

  it("keeps its tag too where a tag cannot go alone", () => {
    const { plan } = planSweep({ stored, means: { ...takes, tagAlone: false } });

    expect(plan.deletions).toEqual([]);
    expect(plan.kept.find(({ tag }) => tag === INDEX)?.reasons).toEqual([
      { kind: "shared-digest", of: digestOf("2") },
    ]);
  });

  it("deletes it where a tag or an index that stays names the child as well", () => {
    const tagged = { ...stored, 2: { tags: ["child"] } };
    const indexed = { ...stored, 5: { tags: ["bundle"], children: ["2"] } };

    expect(planSweep({ stored: tagged, means: takes }).plan.deletions[0]?.how).toBe("manifest");
    expect(planSweep({ stored: indexed, means: takes }).plan.deletions[0]?.how).toBe("manifest");
    expect(planSweep({ stored }).plan.deletions[0]?.how).toBe("manifest");
  });

  it("keeps it where what is needed lies below a child that has no tag either", () => {
    const { plan } = planSweep({
      stored: { 1: { tags: [INDEX], children: ["2"] }, 2: { children: ["3"] }, 3: { pushed: 1 } },
      hours: 30,
      deleteUntagged: true,
      means: takes,
    });

    expect(plan.deletions).toMatchObject([{ how: "tag", tags: [{ tag: INDEX }] }]);
  });

  it("leaves the other children of such an index, which still names them", () => {
    const { goes } = planSweep({ stored, means: takes, deleteUntagged: true });

    expect(goes).toEqual([INDEX]);
  });
});

describe("indexes nested deeper than a stack is", () => {
  const DEPTH = 30_000;
  const letters = Array.from({ length: DEPTH }, (_, at) => String.fromCodePoint(0x4e00 + at));
  const chain = Object.fromEntries(
    letters.map((letter, at): [string, Stored] => {
      const next = letters[at + 1];
      return [letter, next === undefined ? {} : { children: [next] }];
    }),
  );
  const [top = "", bottom = ""] = [letters[0], letters.at(-1)];

  it("keep what lies at their bottom", () => {
    const { goes } = planSweep({
      stored: {
        ...chain,
        [top]: { tags: ["bundle"], children: [letters[1] ?? ""] },
        [bottom]: { tags: [A] },
      },
      deleteUntagged: true,
    });

    expect(goes).toEqual([]);
  });

  it("go with all that is below them", () => {
    const { goes } = planSweep({
      stored: { ...chain, [top]: { tags: [INDEX], children: [letters[1] ?? ""] } },
      deleteUntagged: true,
    });

    expect(goes).toHaveLength(DEPTH);
    expect(goes.at(-1)).toBe(bottom);
  });
});
