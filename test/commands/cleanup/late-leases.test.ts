import { describe, expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { leaseTag } from "../../../src/stages/lease.ts";
import { imageMetadataTag } from "../../../src/stages/tag.ts";
import type { Git } from "../../properties/ask.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { Call } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const COMMIT = "c".repeat(40);
const KEPT = `${"1".repeat(56)}-1600000000000`;
const USED = `${"2".repeat(56)}-1600000000000`;
const UNUSED = `${"3".repeat(56)}-1600000000000`;
const LEASE = leaseTag("0123456789abcdef", 0);

describe("a publisher that ends while leases are read", () => {
  it("has what it recorded just before kept", async () => {
    const state = repository();
    let lists = 0;
    const publish = ({ op, key }: Call): void => {
      if (op === "list") lists += 1;
      if (op === "list" && lists === 2) seedContent(state, image("lease"), [LEASE]);
      if (op !== "resolve" || key !== LEASE || !state.tags.delete(LEASE)) return;
      seedContent(state, image("record"), [imageMetadataTag("app", COMMIT, USED)]);
    };

    await cleanUp(createMemoryRegistry(state, { before: publish }), ask());

    expect([...state.tags.keys()]).toContain(USED);
    expect([...state.tags.keys()]).not.toContain(UNUSED);
  });

  it("is waited for no longer when its lease stays in the list and leads nowhere", async () => {
    const state = repository();
    const registry = createMemoryRegistry(state);
    const dangling = async function* (): AsyncGenerator<{ tag: string }> {
      yield* registry.listTags(REPOSITORY);
      yield { tag: LEASE };
    };

    await cleanUp({ ...registry, listTags: dangling }, ask());

    expect([...state.tags.keys()]).not.toContain(UNUSED);
  });
});

function repository(): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const stage of [KEPT, USED, UNUSED]) seedContent(state, image(stage), [stage]);
  seedContent(state, image("name"), ["managed-image-app"]);
  seedContent(state, image("kept"), [imageMetadataTag("app", COMMIT, KEPT)]);
  return state;
}

function image(stage: string): ReturnType<typeof imageOf> {
  return imageOf({ labels: { werf: "shop", stage } });
}

function ask(): Parameters<typeof cleanUp>[1] {
  const all = { last: undefined, inHours: undefined, operator: "And" };
  const git: Git = {
    policies: [{ kind: "branch", names: "main", references: all, images: all }],
    references: [{ kind: "branch", name: "main", commit: COMMIT, time: NOW / 1000 }],
    commits: [{ id: COMMIT, time: NOW / 1000, parents: [] }],
  };
  return { project: "shop", now: NOW, hours: 0, keepList: new Set(), git };
}
