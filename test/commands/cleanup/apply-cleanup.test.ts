import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { exitCodeOf } from "../../../src/cli/failure.ts";
import type { SweepPolicy } from "../../../src/commands/cleanup/untagged.ts";
import type { RegistryErrorCode } from "../../../src/registry/error.ts";
import { isLeaseTag, leaseRecord, leaseTag } from "../../../src/stages/lease.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, cleanUp, requestOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const HOUR_MS = 3_600_000;
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

describe("when an index without tags cannot be removed", () => {
  it.each(["unavailable", "conflict"] as const)(
    "(%s) its children and its referrers stay, tagged or not, and what else goes has gone",
    async (code) => {
      const state = repository();
      const child = imageOf({ labels: { child: "yes" } });
      const index = indexOf([child]);
      const about = { subject: descriptorOf(index) };
      const referrer = imageOf({ labels: { about: "index" }, ...about });
      const nested = imageOf({ subject: descriptorOf(referrer) });
      const other = imageOf({ labels: { other: "yes" } });
      for (const content of [child, index, referrer, nested, other])
        seedContent(state, content, []);
      const signature = `${index.digest.replace(":", "-")}.sig`;
      seedContent(state, imageOf({ labels: { signs: "index" } }), [signature]);
      const registry = createMemoryRegistry(state, {
        capabilities: { untaggedListing: true, listing: "digests-and-times" },
        refuses: ({ op, key }) => (op === "delete" && key === index.digest ? code : undefined),
      });

      const result = await clean(registry, {}, { deleteUntagged: true, deleteOrphans: true });

      const told = code === "conflict" ? result.skipped : result.failed;
      expect(told).toContainEqual(expect.objectContaining({ digest: index.digest }));
      const stays = [index, child, referrer, nested].map(({ digest }) => digest);
      expect([...state.manifests.keys()]).toEqual(expect.arrayContaining(stays));
      expect([...state.tags.keys()]).toContain(signature);
      expect(result.deleted.map(({ digest }) => digest)).toContain(other.digest);
      const held = result.skipped.filter(({ why }) => why === "still-needed");
      expect(held.map(({ tag, digest }) => tag ?? digest).toSorted()).toEqual(
        [child.digest, referrer.digest, nested.digest, signature].toSorted(),
      );
      expect(exitCodeOf(result, { signal: new AbortController().signal })).toBe(
        code === "conflict" ? 0 : 1,
      );
    },
  );
});

it("begins no batch when its time is over, lists what remains, and the next run ends the work", async () => {
  const state = repository();
  const registry = createMemoryRegistry(state);

  const isLate = (): boolean => registry.mutations.some(({ op }) => op === "delete");
  const first = await clean(registry, {
    now: () => new Date(NOW + (isLate() ? HOUR_MS : 0)),
    request: { maxDurationMs: HOUR_MS },
  });

  expect(first.brokeOff).toBe("stopped at --max-duration");
  expect(first.deleted).toHaveLength(1);
  expect(first.remaining?.map(({ tag }) => tag)).toHaveLength(2);
  expect(exitCodeOf(first, { signal: new AbortController().signal })).toBe(1);
  expect([...state.tags.keys()].filter((tag) => tag === "cleanup" || isLeaseTag(tag))).toEqual([]);

  const second = await clean(registry);

  expect(second.brokeOff).toBeUndefined();
  expect(new Set(state.tags.keys())).toEqual(new Set([KEPT, "cleanup"]));
});

it("deletes nothing when its time is over after it waited for another cleanup", async () => {
  const state = repository();
  const holder = { run: "f".repeat(16), host: "build-3", pid: 4711 };
  const lease = {
    kind: "cleanup",
    holder,
    since: NOW - 1,
    until: NOW + HOUR_MS,
    stages: [],
  } as const;
  const { manifest, blobs } = leaseRecord("shop", lease, 0);
  const contents = blobs.map(({ descriptor: { digest }, bytes }) => ({ digest, bytes }));
  const other = leaseTag(holder.run, 0);
  seedContent(state, { ...manifest, blobs: contents, children: [] }, [other]);
  let clock = NOW;

  const result = await clean(createMemoryRegistry(state), {
    now: () => new Date(clock),
    request: { waitMs: HOUR_MS, maxDurationMs: HOUR_MS / 2 },
    runner: {
      isGone: () => Promise.resolve(false),
      sleep: () => {
        clock += HOUR_MS * 0.6;
        state.tags.delete(other);
        return Promise.resolve();
      },
    },
  });

  expect(result.deleted).toEqual([]);
  expect(result.brokeOff).toBe("stopped at --max-duration");
  expect(result.remaining).toHaveLength(3);
});

function clean(
  registry: MemoryRegistry,
  options: Parameters<typeof cleanUp>[2] = {},
  sweep: SweepPolicy = {},
): ReturnType<typeof cleanUp> {
  const ask = {
    project: "shop",
    now: NOW,
    hours: 2,
    keepList: new Set([KEPT ?? ""]),
    git: undefined,
  };
  const { policy } = requestOf(ask, options);
  const request = { policy: { ...policy, sweep }, ...options.request };
  return cleanUp(registry, ask, { ...options, request });
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
