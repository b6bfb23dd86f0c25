import { expect, it } from "vitest";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { exitCodeOf } from "../../src/cli/failure.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import { createMemoryRegistry } from "../properties/memory-registry.ts";
import type { MemoryRegistry } from "../properties/memory-registry.ts";
import { REPOSITORY, cleanUp } from "../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const [KEPT, CHILD, PARENT, OTHER] = ["1", "2", "3", "4"].map(stageId);

it("what a rule of the registry keeps is skipped as refused, with what it reaches, and nothing failed", async () => {
  const state = repository();
  const registry = refusing(state, "conflict");

  const result = await clean(registry);

  expect(result.failed).toEqual([]);
  expect(result.skipped.map(({ tag, why }) => ({ tag, why }))).toEqual([
    { tag: CHILD, why: "refused" },
    { tag: PARENT, why: "still-needed" },
  ]);
  expect(result.skipped[0]?.message).toContain("conflict");
  expect(result.deleted.map(({ tag }) => tag)).toEqual([OTHER]);
  expect([...state.tags.keys()]).toEqual(expect.arrayContaining([KEPT, CHILD, PARENT]));
  expect(exitCodeOf(result, { signal: new AbortController().signal })).toBe(0);
});

it("what fails otherwise is listed as failed, and makes the run fail", async () => {
  const state = repository();

  const result = await clean(refusing(state, "unavailable"));

  expect(result.failed).toMatchObject([{ tag: CHILD, code: "unavailable" }]);
  expect(result.skipped).toMatchObject([{ tag: PARENT, why: "still-needed" }]);
  expect(exitCodeOf(result, { signal: new AbortController().signal })).toBe(1);
});

function clean(registry: MemoryRegistry): ReturnType<typeof cleanUp> {
  return cleanUp(registry, {
    project: "shop",
    now: NOW,
    hours: 2,
    keepList: new Set([KEPT ?? ""]),
    git: undefined,
  });
}

/** A registry that keeps one stage whatever it is asked. */
function refusing(state: RepositoryState, code: RegistryErrorCode): MemoryRegistry {
  const refused = state.tags.get(CHILD ?? "");
  return createMemoryRegistry(state, {
    refuses: ({ op, key }) => (op === "delete" && key === refused ? code : undefined),
  });
}

/** A stage that is kept, and three that nobody needs: one was built on another. */
function repository(): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  const parents = new Map([[CHILD, PARENT]]);
  for (const stage of [KEPT, CHILD, PARENT, OTHER]) {
    const parent = parents.get(stage);
    const built = parent === undefined ? {} : { "werf.io/parent-stage-id": parent };
    const labels = { werf: "shop", stage: stage ?? "", ...built };
    seedContent(state, imageOf({ labels }), [stage ?? ""]);
  }
  return state;
}

function stageId(digit: string): string {
  return `${digit.repeat(56)}-1600000000000`;
}
