import { describe, expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { gatherCleanup } from "../../../src/commands/cleanup/gather-cleanup.ts";
import type { Gathered } from "../../../src/commands/cleanup/gathered.ts";
import { checkGuards } from "../../../src/engine/cleanup/guards.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { murmurHash } from "../../../src/stages/hash.ts";
import { cleanupPolicy } from "../../properties/ask.ts";
import type { Ask } from "../../properties/ask.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const ALL = { last: -1, inHours: undefined, operator: "And" };
const NOW = Date.UTC(2026, 0, 10);
const OLD = stageId("1");
const OTHER = stageId("2");
const FIRST = "a".repeat(40);
const SECOND = "b".repeat(40);

describe("gatherCleanup", () => {
  it("knows the commit of every record that is pushed while it lists", async () => {
    const state = repository([OLD, OTHER]);
    record(state, FIRST, OTHER);
    let pushed = [FIRST];
    const memory = createMemoryRegistry(state);
    const registry: Registry = {
      ...memory,
      async *listTags(...args) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        pushed = [FIRST, SECOND];
        record(state, SECOND, OLD);
        yield* memory.listTags(...args);
      },
    };

    const { plan } = await gather(registry, () => pushed);

    expect(plan.deletions).toEqual([]);
  });

  it("does not take a stage that resolves to nothing for one that somebody needs", async () => {
    const state = repository([OLD, OTHER]);
    const digest = state.tags.get(OTHER);
    if (digest !== undefined) state.manifests.delete(digest);

    const { plan, findings } = await gather(createMemoryRegistry(state), () => [FIRST]);

    expect(plan.deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag))).toEqual([OLD]);
    expect(checkGuards(plan, findings, undefined)).toContainEqual(
      expect.objectContaining({ guard: "nothing-kept" }),
    );
  });
});

function gather(registry: Registry, commits: () => readonly string[]): Promise<Gathered> {
  const ask = (): Ask => ({
    project: "shop",
    now: NOW,
    hours: 2,
    keepList: new Set(),
    git: {
      policies: [
        { kind: "branch", names: "^main-.*$", references: ALL, images: { ...ALL, last: 1 } },
      ],
      references: commits().map((commit) => ({
        kind: "branch",
        name: `main-${commit}`,
        commit,
        time: NOW / 1000,
      })),
      commits: commits().map((id) => ({ id, time: NOW / 1000 - 60, parents: [] })),
    },
  });
  const deps = depsOf(registry, ask(), {});
  const policy = cleanupPolicy(ask(), REPOSITORY);
  const readHistory: typeof deps.readHistory = (request) =>
    depsOf(registry, ask(), {}).readHistory(request);
  return gatherCleanup(registry, policy, { ...deps, readHistory });
}

/** Old stages of one known image. */
function repository(stages: readonly string[]): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const stage of stages) {
    seedContent(state, imageOf({ labels: { werf: "shop", stage } }), [stage]);
  }
  seedContent(state, imageOf({ labels: { werf: "shop", a: "name" } }), ["managed-image-web"]);
  return state;
}

function record(state: RepositoryState, commit: string, stage: string): void {
  const tag = `meta-${murmurHash("web")}_${commit}_${stage}`;
  seedContent(state, imageOf({ labels: { werf: "shop", tag } }), [tag]);
}

function stageId(digit: string): string {
  return `${digit.repeat(56)}-1600000000000`;
}
