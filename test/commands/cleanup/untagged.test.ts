import { expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CleanupResult } from "../../../src/commands/cleanup/result.ts";
import type { SweepPolicy } from "../../../src/commands/cleanup/untagged.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryOptions } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp, requestOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const KEPT = `${"1".repeat(56)}-1600000000000`;
const GOING = `${"2".repeat(56)}-1600000000000`;
const LISTS: MemoryOptions = {
  capabilities: { untaggedListing: true, listing: "digests-and-times" },
};

const kept = imageOf({ labels: { werf: "shop", n: "kept" } });
const going = imageOf({ labels: { werf: "shop", n: "going" } });
const leftover = imageOf({ labels: { n: "leftover" } });
const signature = imageOf({ layers: ["signature"], subject: descriptorOf(going) });

it("a manifest that got a tag after the plan was made stays, and is told as changed", async () => {
  const state = repositoryWith(leftover);
  let listings = 0;

  const result = await sweep(state, {
    deleteUntagged: true,
    ...LISTS,
    before({ op }) {
      if (op === "list" && (listings += 1) === 2) state.tags.set("fresh", leftover.digest);
    },
  });

  expect(result.skipped).toMatchObject([{ digest: leftover.digest, why: "changed" }]);
  expect(state.manifests.has(leftover.digest)).toBe(true);
});

it("a manifest that an index names that came meanwhile stays", async () => {
  const state = repositoryWith(leftover);
  const index = indexOf([leftover]);
  let listings = 0;

  await sweep(state, {
    deleteUntagged: true,
    ...LISTS,
    before({ op }) {
      if (op === "list" && (listings += 1) === 2) seedContent(state, index, ["bundle"]);
    },
  });

  expect(state.manifests.has(leftover.digest)).toBe(true);
});

it("a referrer stays while what it is about could not be removed", async () => {
  const state = repositoryWith(signature);

  const result = await sweep(state, {
    refuses: ({ key }) => (key === going.digest ? "unavailable" : undefined),
  });

  expect(result.failed).toMatchObject([{ tag: GOING, code: "unavailable" }]);
  expect(result.skipped).toMatchObject([{ digest: signature.digest, why: "still-needed" }]);
  expect(state.manifests.has(signature.digest)).toBe(true);
});

it("a referrer that somebody tagged meanwhile stays, and so does what it is about", async () => {
  const state = repositoryWith(signature);
  let listings = 0;

  await sweep(state, {
    before({ op }) {
      if (op === "list" && (listings += 1) === 2) state.tags.set("notes", signature.digest);
    },
  });

  expect(state.manifests.has(signature.digest)).toBe(true);
  expect(state.manifests.has(going.digest)).toBe(true);
});

it("an orphan whose image came meanwhile stays", async () => {
  const state = repositoryWith();
  const late = imageOf({ labels: { n: "late" } });
  const tag = `${late.digest.replace(":", "-")}.sig`;
  seedContent(state, imageOf({ layers: ["orphan"] }), [tag]);
  let listings = 0;

  const result = await sweep(state, {
    deleteOrphans: true,
    before({ op }) {
      if (op === "list" && (listings += 1) === 2) seedContent(state, late);
    },
  });

  expect(result.skipped).toMatchObject([{ tag, why: "changed" }]);
  expect(state.tags.has(tag)).toBe(true);
});

it("an orphan whose image is not there goes", async () => {
  const state = repositoryWith();
  const tag = `sha256-${"9".repeat(64)}.sig`;
  seedContent(state, imageOf({ layers: ["orphan"] }), [tag]);

  const result = await sweep(state, { deleteOrphans: true });

  expect(result.deleted.map((item) => item.tag)).toContain(tag);
  expect(state.tags.has(tag)).toBe(false);
});

/** A stage that the keep list names, one that nobody needs, and more without a tag. */
function repositoryWith(...untagged: readonly SeedContent[]): RepositoryState {
  const state = repositoryIn(createState(), REPOSITORY.name);
  seedContent(state, kept, [KEPT]);
  seedContent(state, going, [GOING]);
  for (const content of untagged) seedContent(state, content);
  return state;
}

function sweep(
  state: RepositoryState,
  { deleteUntagged = false, deleteOrphans = false, ...options }: SweepPolicy & MemoryOptions,
): Promise<CleanupResult> {
  const ask = { project: "shop", now: NOW, hours: 2, keepList: new Set([KEPT]), git: undefined };
  const { policy } = requestOf(ask, {});
  return cleanUp(createMemoryRegistry(state, options), ask, {
    request: { policy: { ...policy, sweep: { deleteUntagged, deleteOrphans } } },
  });
}
