import { describe, expect, it } from "vitest";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { Call } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp, requestOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const KEPT = stageId("1");

describe("a manifest without a tag that is about to go stays", () => {
  it("when it gets a tag after the tags were listed again, and before the manifests were", async () => {
    const state = repository();
    const image = imageOf({ labels: { old: "yes" } });
    seedContent(state, image, []);

    await clean(
      state,
      secondTime("list-manifests", () => state.tags.set("prod", image.digest)),
    );

    expect(state.tags.get("prod")).toBe(image.digest);
    expect([...state.manifests.keys()]).toContain(image.digest);
  });

  it("when an index that is pushed without a tag while the run goes on names it", async () => {
    const state = repository();
    const image = imageOf({ labels: { old: "yes" } });
    seedContent(state, image, []);
    const index = indexOf([image]);

    await clean(
      state,
      secondTime("list-manifests", () => seedContent(state, index, [])),
    );

    expect([...state.manifests.keys()]).toContain(image.digest);
    expect([...state.manifests.keys()]).toContain(index.digest);
  });
});

/** Does something just before a call of one kind is served for the second time. */
function secondTime(op: Call["op"], work: () => void): (call: Call) => void {
  let count = 0;
  return (call) => {
    if (call.op !== op) return;
    count += 1;
    if (count === 2) work();
  };
}

function clean(state: RepositoryState, before: (call: Call) => void): ReturnType<typeof cleanUp> {
  const registry = createMemoryRegistry(state, {
    capabilities: { untaggedListing: true, listing: "digests-and-times" },
    before,
  });
  const keepList = new Set([KEPT]);
  const ask = { project: "shop", now: NOW, hours: 0, keepList, git: undefined };
  const { policy } = requestOf(ask, {});
  const request = { policy: { ...policy, sweep: { deleteUntagged: true } } };
  return cleanUp(registry, ask, { request });
}

function repository(): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  seedContent(state, imageOf({ labels: { werf: "shop", stage: KEPT } }), [KEPT]);
  return state;
}

function stageId(digit: string): string {
  return `${digit.repeat(56)}-1600000000000`;
}
