import { array, assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { createCommitGraphBuilder, type CommitGraph } from "../../src/git/commit-graph.ts";
import { createWalkParser } from "../../src/git/walk.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const C = "c".repeat(40);

describe("createWalkParser", () => {
  it("reads times, ids and parents", () => {
    const graph = parse([`300 ${C} ${B} ${A}\n200 ${B} ${A}\n100 ${A}\n`]);

    expect(plain(graph)).toEqual([
      { id: C, time: 300, parents: [B, A] },
      { id: B, time: 200, parents: [A] },
      { id: A, time: 100, parents: [] },
    ]);
    expect([A, B, C].map((id) => graph.indexOf(id))).toEqual([2, 1, 0]);
    expect(graph.indexOf("d".repeat(40))).toBe(-1);
    expect(graph.indexOf(A.slice(0, 39))).toBe(-1);
    expect(graph.indexOf("z".repeat(40))).toBe(-1);
  });

  it("reads ids of 64 digits", () => {
    const [child, parent] = ["01".repeat(32), "fe".repeat(32)];

    const graph = parse([`2 ${child} ${parent}\n1 ${parent}\n`], 8);

    expect(plain(graph)).toEqual([
      { id: child, time: 2, parents: [parent] },
      { id: parent, time: 1, parents: [] },
    ]);
  });

  it("reads the same however the output is cut", () => {
    const text = `300 ${C} ${B} ${A}\n18446744073709551611 ${B} ${A}\n5000000000 ${A}\n`;
    const whole = plain(parse([text]));

    assert(
      property(array(nat(text.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const chunks = places.slice(1).map((end, at) => text.slice(places[at], end));
        expect(plain(parse(chunks))).toEqual(whole);
      }),
      { numRuns: 200 },
    );
    expect(whole.map(({ time }) => time)).toEqual([300, -5, 5_000_000_000]);
  });

  it.each([
    ["a last line without end", `1 ${A}`],
    ["a cut id", `1 ${A.slice(1)}\n`],
    ["no time", `${A}\n`],
    ["a time that is no number", `x ${A}\n`],
    ["an id that is no hex", `1 ${"g".repeat(40)}\n`],
    ["another separator", `1 ${A}-${B}\n1 ${B}\n`],
    ["an empty line", `\n`],
    ["a parent that is not listed", `1 ${B} ${A}\n`],
    ["a commit listed twice", `1 ${A}\n1 ${A}\n`],
    ["a parent before its child", `1 ${A}\n1 ${B} ${A}\n`],
    ["a commit that is its own parent", `1 ${A} ${A}\n`],
  ])("refuses %s", (_, text) => {
    expect(() => parse([text])).toThrow(
      expect.objectContaining({ name: "GitError", code: "failed" }),
    );
  });
});

function parse(chunks: readonly string[], words = 5): CommitGraph {
  const builder = createCommitGraphBuilder(words);
  const parser = createWalkParser(builder, words);
  for (const chunk of chunks) parser.push(Buffer.from(chunk));
  parser.end();
  return builder.build();
}

interface PlainCommit {
  readonly id: string;
  readonly time: number;
  readonly parents: readonly string[];
}

function plain(graph: CommitGraph): readonly PlainCommit[] {
  return Array.from({ length: graph.size }, (_, commit) => ({
    id: graph.hexOf(commit),
    time: graph.times[commit] ?? Number.NaN,
    parents: Array.from(
      graph.parents.subarray(graph.parentOffsets[commit], graph.parentOffsets[commit + 1]),
      (parent) => graph.hexOf(parent),
    ),
  }));
}
