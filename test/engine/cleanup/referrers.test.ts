import { describe, expect, it } from "vitest";
import { planSweep } from "./manifests.ts";
import { digestOf, stageOf } from "./repository.ts";

const [A, B] = [stageOf("a"), stageOf("b")];
const INDEX = "c".repeat(56);
const API = { referrers: "api" } as const;

/** The fallback tag of a letter, or a signature with a suffix. */
function about(letter: string, suffix = ""): string {
  return `sha256-${letter.repeat(64)}${suffix}`;
}

describe("what is about an image", () => {
  it("goes with it by digest, after it, where the registry tells of it", () => {
    const { plan, goes, asked } = planSweep({
      stored: { 1: { tags: [A] }, 2: { about: "1" }, 3: { about: "2" } },
      means: API,
    });

    expect(goes).toEqual([A, "2", "3"]);
    expect(plan.deletions.map(({ because, after }) => [because, after])).toEqual([
      [undefined, []],
      ["subject-gone", [A]],
      ["subject-gone", [digestOf("2")]],
    ]);
    expect(asked).toEqual(["referrers 1", "referrers 2", "referrers 3"]);
  });

  it("is asked for only of images that go as manifests", () => {
    const { asked } = planSweep({
      stored: {
        1: { tags: [A, "latest"] },
        2: { tags: [B] },
        3: { tags: ["managed-image-web"] },
        4: { tags: ["notes"] },
      },
      means: API,
    });

    expect(asked).toEqual(["referrers 2"]);
  });

  it("is not asked for where tags tell of it", () => {
    const stored = { 1: { tags: [A] }, 2: { about: "1" } };

    expect(planSweep({ stored }).asked).toEqual([]);
    expect(planSweep({ stored, means: { referrers: "fallback-tag" } }).goes).toEqual([A]);
  });

  it("is told where the registry deletes it itself, with the signatures about it", () => {
    const stored = { 1: { tags: [A] }, 2: { about: "1" }, 3: { tags: [about("2", ".sig")] } };

    const { goes } = planSweep({ stored, means: { ...API, cascade: ["tags", "referrers"] } });

    expect([...goes].sort()).toEqual([A, "2", about("2", ".sig")].sort());
  });

  it("keeps what it is about where it runs under another name and the registry would delete both", () => {
    const stored = { 1: { tags: [A] }, 2: { about: "1" } };

    const sweep = planSweep({
      stored,
      runs: ["2"],
      means: { ...API, cascade: ["tags", "referrers"] },
    });

    expect(sweep).toMatchObject({ goes: [], asked: ["referrers 1"] });
  });

  it("keeps what it is about when it is kept itself and the registry would delete both", () => {
    const going = (cascade: readonly ("tags" | "referrers")[]): readonly string[] =>
      planSweep({
        stored: { 1: {}, 2: { tags: [about("1", ".sig")], about: "1" }, 3: { tags: [A] } },
        keep: [about("1", ".sig")],
        deleteUntagged: true,
        means: { ...API, cascade },
      }).goes;

    expect(going(["tags"])).toEqual([A, "1"]);
    expect(going(["tags", "referrers"])).toEqual([A]);
  });

  it.each([
    ["first", { 1: { tags: [A, "aside"] }, 2: { about: "1" }, 3: { tags: ["notes"], about: "2" } }],
    ["last", { 1: { tags: ["notes"], about: "2" }, 2: { about: "3" }, 3: { tags: [A, "aside"] } }],
  ])(
    "keeps the tag of its stage, listed %s, for what is about it itself and stays",
    (_, stored) => {
      expect(planSweep({ stored, listed: true }).goes).toEqual([]);
    },
  );

  it("goes with an index of whose child it is, where the registry deletes all three", () => {
    const sweep = (cascade: readonly ("tags" | "children" | "referrers")[]) =>
      planSweep({
        stored: {
          1: { tags: [INDEX], children: ["2"] },
          2: { labels: { werf: "shop" } },
          3: { tags: [about("2", ".sig")], about: "2" },
        },
        means: { referrers: "fallback-tag", cascade },
      });

    expect(sweep(["tags"]).goes).toEqual([INDEX]);
    const { goes, plan } = sweep(["tags", "children", "referrers"]);
    expect(goes).toEqual([INDEX, about("2", ".sig")]);
    expect(plan.deletions[1]?.after).toEqual([INDEX]);
  });

  it("stays with an image that stays only because its tag cannot go", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [A, "latest"] }, 2: { about: "1" }, 3: { tags: [about("1", ".sig")] } },
      means: { ...API, tagAlone: false },
      listed: true,
    });

    expect(goes).toEqual([]);
  });

  it("is found behind the fallback tag too, and goes after the tag", () => {
    const { goes, plan } = planSweep({
      stored: { 1: { tags: [A] }, 2: { tags: [about("1")], children: ["3", "4"] }, 3: {}, 4: {} },
    });

    expect(goes).toEqual([A, about("1"), "3", "4"]);
    expect(plan.deletions[2]?.after).toEqual([A, about("1")].toSorted());
  });

  it("stays when another index that stays names it", () => {
    const { goes } = planSweep({
      stored: {
        1: { tags: [A] },
        2: { tags: [about("1")], children: ["3"] },
        3: {},
        4: { tags: ["bundle"], children: ["3"] },
      },
    });

    expect(goes).toEqual([A, about("1")]);
  });

  it("is left out where there is nothing under its digest", () => {
    const { goes } = planSweep({
      stored: { 1: { tags: [A] }, 2: { tags: [about("1")], children: ["3"] } },
    });

    expect(goes).toEqual([A, about("1")]);
  });
});

describe("signatures without an image", () => {
  const stored = {
    1: { tags: [A] },
    2: { tags: [about("9", ".sig")] },
    3: { tags: [about("8")], children: ["4"] },
    4: { about: "8" },
  };

  it("are counted and stay", () => {
    const { plan, goes } = planSweep({ stored, keep: [A] });

    expect(goes).toEqual([]);
    expect(plan.warnings).toEqual([
      `2 signature tags are about images that are not there: ${about("9", ".sig")} and others; --delete-orphans removes them`,
    ]);
  });

  it("go when asked, with what a fallback tag names", () => {
    const { goes, plan } = planSweep({ stored, keep: [A], deleteOrphans: true });

    expect(goes).toEqual([about("8"), about("9", ".sig"), "4"]);
    expect(plan.deletions.map(({ tags, because }) => because ?? tags[0]?.because)).toEqual([
      "orphan",
      "orphan",
      "orphan",
    ]);
    expect(plan.warnings).toEqual([]);
  });

  it("are none while the image is there without a tag", () => {
    const { goes, asked } = planSweep({
      stored: { 1: { tags: [A] }, 2: { tags: [about("3", ".sig")] }, 3: {} },
      keep: [A],
      deleteOrphans: true,
      listed: false,
    });

    expect(goes).toEqual([]);
    expect(asked).toEqual(["presence 3"]);
  });

  it("are none while something kept leads to the image, and nobody is asked then", () => {
    const index = "d".repeat(56);
    const { goes, asked } = planSweep({
      stored: {
        1: { tags: [index], children: ["2"] },
        2: {},
        3: { tags: [about("2", ".sig")] },
      },
      keep: [index],
      deleteOrphans: true,
      listed: false,
    });

    expect(goes).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("stay when they are in the keep list", () => {
    const tag = about("9", ".sig");

    expect(planSweep({ stored, keep: [A, tag], deleteOrphans: true }).goes).not.toContain(tag);
  });
});
