import { describe, expect, it } from "vitest";

import type { CommitGraph } from "../../src/engine/cleanup/history.ts";
import { entriesOf } from "../../src/report/entry.ts";
import { mapHistory } from "../../src/report/history-map.ts";
import { drawLanes } from "../../src/report/lanes.ts";
import { reduceHistory } from "../../src/report/reduced-history.ts";
import { doneOf, everyBranch, keptTag, lineOf, planOf, projectOf, stageOf } from "./sample.ts";

describe("a history reduced to the commits that matter", () => {
  it("leads from each to the nearest below it", () => {
    expect(reduced(["a < b", "b < c", "c < d", "d"], "ad")).toEqual({ a: "d", d: "" });
  });

  it("leads to both sides of a merge", () => {
    expect(reduced(["a < b c", "b < d", "c < d", "d"], "abc")).toEqual({ a: "bc", b: "", c: "" });
  });

  it("leaves out what the other side of a merge leads to anyway", () => {
    expect(reduced(["a < b d", "b < c", "c < d", "d"], "acd")).toEqual({ a: "c", c: "d", d: "" });
  });

  it("has every commit that matters, also one that nothing leads to", () => {
    expect(reduced(["a", "b"], "ab")).toEqual({ a: "", b: "" });
  });
});

describe("the lines of a drawn history", () => {
  it("run in one column where the history does", () => {
    expect(drawn("ab", { a: "b" })).toEqual(["a at 0, starts 0", "b at 0, ends 0"]);
  });

  it("give a second branch a column of its own, which ends where it began", () => {
    expect(drawn("abc", { a: "c", b: "c" })).toEqual([
      "a at 0, starts 0",
      "b at 1, through 0, starts 0",
      "c at 0, ends 0",
    ]);
  });

  it("lead from a merge to both of its parents", () => {
    expect(drawn("abc", { a: "bc", b: "c" })).toEqual([
      "a at 0, starts 0 1",
      "b at 0, through 1, ends 0, starts 0",
      "c at 0, ends 0 1",
    ]);
  });

  it("use the column of a line that has ended again", () => {
    expect(drawn("abcd", { a: "b", c: "d" })).toEqual([
      "a at 0, starts 0",
      "b at 0, ends 0",
      "c at 0, starts 0",
      "d at 0, ends 0",
    ]);
  });

  it("do not lead to what is not drawn", () => {
    expect(drawn("a", { a: "z" })).toEqual(["a at 0"]);
  });
});

describe("the map of a history", () => {
  it("shows each selected branch and each image at its commit, newest first", () => {
    const history = lineOf(9, ["release"]);
    const { plan, input } = projectOf(3, history);
    const entries = entriesOf({ role: "repo", result: doneOf(plan), input });

    const map = mapHistory(input, entries);

    expect(
      map?.rows.map(({ commit, references, images }) => ({
        commit,
        references: references.map(({ name, policy }) => `${name} by ${policy}`),
        images: images.map(({ image, status }) => `${image} ${status}`),
      })),
    ).toEqual([
      { commit: history.graph.hexOf(0), references: ["main by 1"], images: ["shop kept"] },
      { commit: history.graph.hexOf(1), references: ["release by 1"], images: ["shop deleted"] },
      { commit: history.graph.hexOf(2), references: [], images: ["shop deleted"] },
    ]);
  });

  it("counts the kept images that are on none of its commits", () => {
    const kept = [keptTag(stageOf("x"), "stage", [{ kind: "keep-list" }])];
    const entries = entriesOf({ role: "repo", result: doneOf(planOf({ kept })) });

    expect(mapHistory({ history: lineOf(2), policies: [], now: 0 }, entries)).toMatchObject({
      rows: [],
      elsewhere: 1,
    });
  });

  it("leaves the oldest commits out where there are too many, and counts them", () => {
    const history = lineOf(2500);
    const { plan, input } = projectOf(2500, history);
    const entries = entriesOf({ role: "repo", result: doneOf(plan), input });

    const map = mapHistory({ ...input, policies: [everyBranch(1)] }, entries);

    expect(map).toMatchObject({ leftOut: 500 });
    expect(map?.rows.at(-1)?.commit).toBe(history.graph.hexOf(1999));
  });

  it("is not there without a history", () => {
    expect(mapHistory({ policies: [], now: 0 }, [])).toBeUndefined();
  });
});

/** `a < b c`: commit `a` with its parents; children first. Answers what each of `shown` leads to. */
function reduced(lines: readonly string[], shown: string): Record<string, string> {
  const names = lines.map((line) => line.slice(0, 1));
  const parents = lines.map((line) => line.split(" < ")[1]?.split(" ") ?? []);
  const offsets = [0];
  for (const own of parents) offsets.push((offsets.at(-1) ?? 0) + own.length);
  const graph: CommitGraph = {
    size: names.length,
    indexOf: (name) => names.indexOf(name),
    hexOf: (place) => names[place] ?? "",
    times: names.map(() => 0),
    parentOffsets: offsets,
    parents: parents.flat().map((name) => names.indexOf(name)),
  };
  const places = new Set(shown.split("").map((name) => names.indexOf(name)));
  const found = [...reduceHistory(graph, places)].map(([place, below]) => [
    names[place] ?? "",
    below.map((commit) => names[commit]).join(""),
  ]);
  return Object.fromEntries(found);
}

function drawn(rows: string, parents: Readonly<Record<string, string>>): string[] {
  const places = rows.split("").map((_, place) => place);
  const place = (name: string): number => (rows.includes(name) ? rows.indexOf(name) : 99);
  const below = new Map(
    Object.entries(parents).map(([name, own]) => [place(name), own.split("").map(place)]),
  );
  return drawLanes(places, below).map(({ column, ...lines }, row) => {
    const told = (["through", "ends", "starts"] as const)
      .filter((kind) => lines[kind].length > 0)
      .map((kind) => `${kind} ${lines[kind].join(" ")}`);
    return [`${rows[row] ?? ""} at ${column}`, ...told].join(", ");
  });
}
