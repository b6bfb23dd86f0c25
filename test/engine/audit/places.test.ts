import fc from "fast-check";
import { expect, it } from "vitest";

import { findPlaces } from "../../../src/engine/audit/places.ts";
import type { History } from "../../../src/engine/cleanup/history.ts";
import { commitOf, lineOf } from "../cleanup/repository.ts";

it("tells how far behind the nearest reference a commit is", () => {
  const history = lineOf("1", "2", "3");

  expect(findPlaces([commitOf("3"), commitOf("9")], history)).toEqual(
    new Map([
      [
        commitOf("3"),
        {
          commit: commitOf("3"),
          committedAt: "2026-01-28T00:00:00.000Z",
          references: ["branch main"],
          more: 0,
          behind: 2,
        },
      ],
    ]),
  );
});

it("tells nothing without a history", () => {
  expect(findPlaces([commitOf("1")], undefined)).toEqual(new Map());
});

it("names the nearest references, and counts all that reach a commit", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { graph, references } = history;
      const commits = Array.from({ length: graph.size }, (_, place) => graph.hexOf(place));

      const places = findPlaces(commits, history);

      for (const [place, commit] of commits.entries()) {
        const steps = references
          .map(({ commit: tip, name }) => ({ name, steps: stepsTo(history, tip, place) }))
          .filter((found) => found.steps !== undefined)
          .map(({ name, steps = 0 }) => ({ name, steps }));
        const found = places.get(commit);
        expect(found === undefined).toBe(steps.length === 0);
        if (found === undefined) continue;
        const told = found.references.map((reference) => reference.split(" ")[1]);
        const distances = told.map((name) => steps.find((one) => one.name === name)?.steps);
        const nearest = steps.map((one) => one.steps).toSorted((a, b) => a - b);
        expect(distances).toEqual(nearest.slice(0, 3));
        expect(found.behind).toBe(nearest[0]);
        expect(found.more + told.length).toBe(steps.length);
      }
    }),
  );
});

/** Up to twelve commits with up to three parents each, and up to forty references. */
const histories: fc.Arbitrary<History> = fc
  .record({
    parents: fc.array(fc.uniqueArray(fc.nat(5), { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
    tips: fc.array(fc.nat(11), { maxLength: 40 }),
  })
  .map(({ parents, tips }) => {
    const size = parents.length;
    const lists = parents.map((steps, at) =>
      steps.map((step) => at + 1 + step).filter((parent) => parent < size),
    );
    const offsets = [0];
    for (const list of lists) offsets.push((offsets.at(-1) ?? 0) + list.length);
    const hexOf = (at: number): string => String(at).padStart(40, "0");
    return {
      references: tips
        .filter((tip) => tip < size)
        .map((tip, at) => ({ kind: "branch", name: `b${at}`, commit: hexOf(tip), time: 0 })),
      graph: {
        size,
        hexOf,
        indexOf: (hex) => (Number(hex) < size ? Number(hex) : -1),
        times: lists.map((_, at) => 1_000_000 - at),
        parentOffsets: offsets,
        parents: lists.flat(),
      },
    };
  });

/** The fewest steps from a reference to a commit; `undefined` when it does not reach it. */
function stepsTo({ graph }: History, tip: string, wanted: number): number | undefined {
  const steps = new Map([[graph.indexOf(tip), 0]]);
  for (const [at, behind] of steps) {
    const end = graph.parentOffsets[at + 1] ?? 0;
    for (let edge = graph.parentOffsets[at] ?? 0; edge < end; edge += 1) {
      const parent = graph.parents[edge] ?? -1;
      const known = steps.get(parent);
      if (known === undefined || known > behind + 1) {
        steps.delete(parent);
        steps.set(parent, behind + 1);
      }
    }
  }
  return steps.get(wanted);
}
