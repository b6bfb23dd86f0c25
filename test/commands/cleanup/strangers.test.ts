import { expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { gatherCleanup } from "../../../src/commands/cleanup/gather-cleanup.ts";
import { checkGuards } from "../../../src/engine/cleanup/guards.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp, depsOf, requestOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const ASK = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
const { policy: POLICY } = requestOf(ASK, {});

it("a purge stops at the one stage of another project among many of its own", async () => {
  const registry = withStranger();
  const request = { policy: { ...POLICY, purge: true }, allow: new Set<never>() };

  await expect(cleanUp(registry, ASK, { request })).rejects.toMatchObject({
    guard: "other-project",
  });

  expect(registry.mutations).toEqual([]);
});

it("so does the cleanup of a copy that another project has its stages in, too", async () => {
  const registry = withStranger();
  const primary = {
    repository: { host: "memory.test", name: "shop/primary" },
    stays: new Set<string>(),
    leases: [],
    digests: new Map(),
    customTags: [],
  };

  const { plan, findings } = await gatherCleanup(registry, POLICY, depsOf(registry, ASK, {}), {
    primary: () => Promise.resolve(primary),
  });

  expect(checkGuards(plan, findings, undefined)).toContainEqual(
    expect.objectContaining({ guard: "other-project" }),
  );
});

/** Stages of one project, and among them one of another. */
function withStranger(): MemoryRegistry {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (let place = 0; place < 40; place += 1) {
    const werf = place === 17 ? "another" : "shop";
    seedContent(state, imageOf({ labels: { werf, place: String(place) } }), [stageId(place)]);
  }
  return createMemoryRegistry(state);
}

function stageId(place: number): string {
  return `${String(place).padStart(56, "0")}-1600000000000`;
}
