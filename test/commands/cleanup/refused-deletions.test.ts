import { expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { exitCodeOf } from "../../../src/cli/failure.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const [KEPT = "", MOVED = "", REFUSED = "", GONE = ""] = ["4", "9", "2", "1"].map(stageId);

it("what was deleted beside a deletion that is denied is told, and the run fails", async () => {
  const state = repository();
  const refused = state.tags.get(REFUSED);
  let reads = 0;
  const memory = createMemoryRegistry(state, {
    refuses: ({ op, key }) => (op === "delete" && key === refused ? "denied" : undefined),
    // The very first item is found changed, so that the next batch is the first that deletes.
    before: ({ op, key }) => {
      if (op === "get" && key === MOVED && (reads += 1) === 1) {
        const other = imageOf({ labels: { werf: "shop", moved: "yes" } });
        seedContent(state, other, [MOVED]);
      }
    },
  });
  const registry: Registry = {
    ...memory,
    // All at once, as registries are asked: every deletion has ended when the first is told.
    async *deleteManifests(...args) {
      const outcomes = await Array.fromAsync(memory.deleteManifests(...args));
      yield* outcomes.toSorted((a, b) => (a.status < b.status ? 1 : -1));
    },
  };

  const result = await cleanUp(
    registry,
    { project: "shop", now: NOW, hours: 0, keepList: new Set([KEPT]), git: undefined },
    { parallel: 4 },
  );

  expect(state.tags.has(GONE)).toBe(false);
  expect(result.deleted.map(({ tag }) => tag)).toEqual([GONE]);
  expect(result.failed).toMatchObject([{ tag: REFUSED, code: "denied" }]);
  expect(exitCodeOf(result, { signal: new AbortController().signal })).toBe(1);
});

function repository(): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const stage of [KEPT, MOVED, REFUSED, GONE]) {
    seedContent(state, imageOf({ labels: { werf: "shop", stage } }), [stage]);
  }
  return state;
}

function stageId(digit: string): string {
  return `${digit.repeat(56)}-${1600000000000 + Number(digit)}`;
}
