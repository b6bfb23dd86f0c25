import { describe, expect, it } from "vitest";
import { judgeHistory } from "../../../src/engine/cleanup/git-policy.ts";
import type { BuildRecord } from "../../../src/engine/cleanup/git-policy.ts";
import type { CommitGraph, HistoryReference } from "../../../src/engine/cleanup/history.ts";
import type { KeepPolicy, Limit } from "../../../src/engine/cleanup/policy.ts";

const NOW = Date.UTC(2026, 0, 10);
const DAY_MS = 86_400_000;
const NEWEST: Limit = { last: 1, inMs: undefined, operator: "And" };

/** Commits as `id@days old < parents`, children first. */
const LINE = ["c@1 < b", "b@2 < a", "a@3"];

describe("judgeHistory", () => {
  it("keeps the stage of the newest commit that a branch reaches", () => {
    expect(kept(LINE, ["main c"], ["s1 a", "s2 b"])).toEqual({ s2: ["branch main has b"] });
  });

  it("keeps nothing of commits that no reference reaches", () => {
    expect(kept([...LINE, "x@1"], ["main c"], ["s1 x", "s2 unknown"])).toEqual({});
  });

  it("looks at a tag's own commit only", () => {
    expect(kept(LINE, ["v1=b"], ["s1 a", "s2 b", "s3 c"])).toEqual({ s2: ["tag v1 has b"] });
    expect(kept(LINE, ["v1=c"], ["s1 a"])).toEqual({});
  });

  it("counts distinct commits, so that two stages of one commit both stay", () => {
    expect(kept(LINE, ["main c"], ["s1 b", "s2 b", "s3 a"])).toEqual({
      s1: ["branch main has b"],
      s2: ["branch main has b"],
    });
  });

  it("counts a stage at its newest commit, and no older one in its place", () => {
    const limit = { ...NEWEST, last: 2 };

    expect(kept(LINE, ["main c"], ["s1 c", "s1 b", "s2 a"], limit)).toEqual({
      s1: ["branch main has c"],
      s2: ["branch main has a"],
    });
  });

  it("counts images apart", () => {
    expect(kept(LINE, ["main c"], ["s1 a web", "s2 b api", "s3 a api"])).toEqual({
      s1: ["branch main has a"],
      s2: ["branch main has b"],
    });
  });

  it("takes commits of one date in the order of the history, children first", () => {
    const sameDay = ["c@1 < b", "b@1 < a", "a@1"];

    expect(kept(sameDay, ["main c"], ["s1 a", "s2 b", "s3 c"])).toEqual({
      s3: ["branch main has c"],
    });
    expect(kept(sameDay, ["main c"], ["s1 a", "s2 b"])).toEqual({ s2: ["branch main has b"] });
  });

  it("follows both sides of a merge", () => {
    const merged = ["m@1 < x y", "x@2 < a", "y@3 < a", "a@4"];

    expect(kept(merged, ["main m"], ["s1 y"])).toEqual({ s1: ["branch main has y"] });
  });

  it("keeps none where a policy says so", () => {
    expect(kept(LINE, ["main c"], ["s1 c"], { ...NEWEST, last: 0 })).toEqual({});
  });

  it("counts days by the commit's date", () => {
    const limit: Limit = { last: -1, inMs: 2 * DAY_MS, operator: "And" };

    expect(Object.keys(kept(LINE, ["main c"], ["s1 a", "s2 b", "s3 c"], limit))).toEqual([
      "s3",
      "s2",
    ]);
  });

  it("tells every reference that keeps a stage, over more than one pass of branches", () => {
    const tips = Array.from({ length: 70 }, (_, at) => `b${at} c`);

    expect(kept(LINE, tips, ["s1 a"])["s1"]).toHaveLength(70);
  });

  it("calls only the records by which a stage is kept serving", () => {
    const { serving } = judge(LINE, ["main c"], ["s1 c", "s1 b", "s2 a"]);

    expect([...serving]).toEqual(["s1 c"]);
  });
});

function kept(
  commits: readonly string[],
  references: readonly string[],
  records: readonly string[],
  limit = NEWEST,
): Record<string, string[]> {
  const verdict = judge(commits, references, records, limit);
  return Object.fromEntries(
    [...verdict.kept].map(([stage, evidence]) => [
      stage,
      evidence.map(({ reference, commit }) => `${reference} has ${commit}`),
    ]),
  );
}

function judge(
  commits: readonly string[],
  references: readonly string[],
  records: readonly string[],
  limit = NEWEST,
): ReturnType<typeof judgeHistory> {
  const graph = graphOf(commits);
  const policies = [policy("branch", limit), policy("tag", limit)];
  const history = { graph, references: references.map(reference) };
  return judgeHistory(records.map(record), history, policies, NOW);
}

function graphOf(specs: readonly string[]): CommitGraph {
  const parsed = specs.map((spec) => {
    const [head = "", ancestors = ""] = spec.split(" < ");
    const [id = "", days = "0"] = head.split("@");
    return { id, days: Number(days), parents: ancestors.split(" ").filter((name) => name !== "") };
  });
  const places = new Map(parsed.map(({ id }, place) => [id, place]));
  const parents = parsed.map((commit) => commit.parents.map((id) => places.get(id) ?? -1));
  const parentOffsets = [0];
  for (const list of parents) parentOffsets.push((parentOffsets.at(-1) ?? 0) + list.length);
  return {
    size: parsed.length,
    indexOf: (id) => places.get(id) ?? -1,
    hexOf: (place) => parsed[place]?.id ?? "",
    times: parsed.map(({ days }) => (NOW - days * DAY_MS) / 1000),
    parentOffsets,
    parents: parents.flat(),
  };
}

/** `main c`: a branch; `v1=c`: a tag. */
function reference(text: string): HistoryReference {
  const isTag = text.includes("=");
  const [name = "", commit = ""] = text.split(isTag ? "=" : " ");
  return { kind: isTag ? "tag" : "branch", name, commit, time: NOW / 1000 };
}

/** `stage commit [image]` */
function record(text: string): BuildRecord {
  const [stageId = "", commit = "", image = "web"] = text.split(" ");
  return { tag: text, stageId, commit, image };
}

function policy(kind: "branch" | "tag", imagesPerReference: Limit): KeepPolicy {
  const limit: Limit = { last: undefined, inMs: undefined, operator: "And" };
  return {
    references: { kind, pattern: "/.*/", regexp: "", flags: "", limit },
    imagesPerReference,
  };
}
