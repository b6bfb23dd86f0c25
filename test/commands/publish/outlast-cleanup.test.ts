import { describe, expect, it } from "vitest";

import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CommandDeps } from "../../../src/commands/deps.ts";
import { outlastsCleanup } from "../../../src/commands/publish/outlast-cleanup.ts";
import type { PublishedImage } from "../../../src/commands/publish/published.ts";
import { putRecord } from "../../../src/registry/put-record.ts";
import { leaseRecord, leaseTag } from "../../../src/stages/lease.ts";
import type { Lease } from "../../../src/stages/lease.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const STAGE = `${"1".repeat(56)}-1600000000000`;
const LEASE = leaseTag("00000000000000aa", 0);
const WAIT_MS = 60_000;

describe("a stage that was found, and was recorded since", () => {
  it("stays where no cleanup goes on", async () => {
    const world = await openWorld();

    expect(await world.look()).toEqual({ stays: true, naps: 0, said: [] });
  });

  it("stays when a cleanup that goes on has ended without taking it", async () => {
    const world = await openWorld({ kind: "cleanup" });

    const looked = await world.look((naps) => {
      if (naps === 3) world.state.tags.delete(LEASE);
    });

    expect(looked).toMatchObject({ stays: true, naps: 3 });
    expect(looked.said).toEqual([
      expect.stringMatching(/is being cleaned by process 7 on build-3/),
    ]);
  });

  it("is not listed each time the lease is looked at", async () => {
    const world = await openWorld({ kind: "cleanup" });

    await world.look();

    expect(world.lists()).toBe(2);
  });

  it("takes along an index that was written over it, which is as old", async () => {
    const world = await openWorld();

    expect(await world.look(undefined, "reused", "2".repeat(56))).toMatchObject({ stays: false });
  });

  it("is gone when a cleanup takes it while it is waited for", async () => {
    const world = await openWorld({ kind: "cleanup" });

    const looked = await world.look(() => void world.state.tags.delete(STAGE));

    expect(looked).toMatchObject({ stays: false });
  });

  it("is looked for again when a cleanup ends while its lease is read", async () => {
    const world = await openWorld({ kind: "cleanup" });
    world.beforeResolve = (tag) => {
      if (tag === LEASE) for (const gone of [LEASE, STAGE]) world.state.tags.delete(gone);
    };

    expect(await world.look()).toMatchObject({ stays: false, naps: 0 });
  });

  it("stays when the cleanup's process is dead, or it is another publisher", async () => {
    const dead = await openWorld({ kind: "cleanup" }, { isGone: true });
    const publisher = await openWorld({ kind: "publish" });

    expect(await dead.look()).toMatchObject({ stays: true, naps: 0 });
    expect(await publisher.look()).toMatchObject({ stays: true, naps: 0 });
  });

  it("is waited for no longer than said", async () => {
    const world = await openWorld({ kind: "cleanup" });

    expect(await world.look()).toMatchObject({ stays: true, naps: WAIT_MS / 5_000 });
  });
});

it("what a run uploaded itself is asked about nowhere", async () => {
  const world = await openWorld({ kind: "cleanup" });

  expect(await world.look(undefined, "uploaded")).toEqual({ stays: true, naps: 0, said: [] });
  expect(world.calls()).toBe(0);
});

interface World {
  readonly state: RepositoryState;
  beforeResolve: (tag: string) => void;
  readonly calls: () => number;
  readonly lists: () => number;
  /** @param onNap Called while the run waits, with how often it did so. */
  look(
    onNap?: (naps: number) => void,
    source?: "reused" | "uploaded",
    newIndex?: string,
  ): Promise<{ readonly stays: boolean; readonly naps: number; readonly said: readonly string[] }>;
}

async function openWorld(
  lease?: Pick<Lease, "kind">,
  { isGone = false }: { readonly isGone?: boolean } = {},
): Promise<World> {
  const state = repositoryIn(createState(), REPOSITORY.name);
  const { digest } = imageOf();
  seedContent(state, imageOf(), [STAGE]);
  if (lease !== undefined) {
    const holder = { run: "00000000000000aa", host: "build-3", pid: 7 };
    const record = leaseRecord(
      "shop",
      { ...lease, holder, since: NOW, until: NOW + 600_000, stages: [] },
      0,
    );
    await putRecord(createMemoryRegistry(state), { ...REPOSITORY, tag: LEASE }, record);
  }
  let lists = 0;
  const world: World = {
    state,
    beforeResolve: () => undefined,
    calls: () => registry.calls(),
    lists: () => lists,
    async look(onNap = () => undefined, source = "reused", newIndex) {
      let naps = 0;
      const said: string[] = [];
      const { deps, sleep } = clockedDeps(() => onNap(++naps));
      const looking: CommandDeps = {
        ...deps,
        openRegistry: () => Promise.resolve(registry),
        runner: { ...deps.runner, sleep, isGone: () => Promise.resolve(isGone) },
        report: (event) => {
          if (event.type === "warning.raised") said.push(event.message);
        },
      };
      const about = { primary: REPOSITORY, waitMs: WAIT_MS };
      const stays = await outlastsCleanup([published(source, newIndex)], about, looking);
      return { stays, naps, said };
    },
  };
  const registry = createMemoryRegistry(state, {
    before: ({ op, key }) => {
      if (op === "list") lists += 1;
      if (op === "resolve") world.beforeResolve(key);
    },
  });
  return world;

  function published(source: "reused" | "uploaded", newIndex?: string): PublishedImage {
    const manifest = { mediaType: "", digest, bytes: new Uint8Array(0) };
    const stored = { stageId: STAGE, digest, manifest, size: 0 };
    const about = { platform: "linux/amd64", configDigest: digest, stageDigest: "1".repeat(56) };
    return {
      name: "app",
      isFinal: true,
      stages: [{ ...stored, ...about, source, createdAt: 1_600_000_000_000 }],
      ...(newIndex === undefined ? {} : { index: { ...stored, stageId: newIndex, isNew: true } }),
    };
  }
}

/** A clock that only sleeping moves. */
function clockedDeps(onSleep: () => void): {
  readonly deps: CommandDeps;
  readonly sleep: (ms: number) => Promise<void>;
} {
  let clock = NOW;
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
  const nowhere = createMemoryRegistry(repositoryIn(createState(), REPOSITORY.name));
  return {
    deps: depsOf(nowhere, ask, { now: () => new Date(clock) }),
    async sleep(ms) {
      clock += ms;
      onSleep();
    },
  };
}
