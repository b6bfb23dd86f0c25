import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { CommandDeps, Runner } from "../../../src/commands/deps.ts";
import { readLeases, ownLeases } from "../../../src/commands/cleanup/leases.ts";
import type { ListedLeases } from "../../../src/commands/cleanup/leases.ts";
import { createRunLock } from "../../../src/commands/cleanup/run-lock.ts";
import type { RunLock } from "../../../src/commands/cleanup/run-lock.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import { isLeaseTag } from "../../../src/stages/lease.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryOptions } from "../../properties/memory-registry.ts";
import { soleRunner } from "../../properties/runner.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const MINUTE_MS = 60_000;

describe("the lock of a run", () => {
  it("is a lease in the repository while it is held", async () => {
    const world = createWorld();
    const run = world.enter();

    await run.take();
    expect(world.leases()).toHaveLength(1);

    await run.lock.release();
    expect(world.leases()).toEqual([]);
    expect(run.lock.warnings).toEqual([]);
  });

  it("is refused to a second run, which withdraws and says who holds it until when", async () => {
    const world = createWorld();
    const first = world.enter();
    await first.take();
    const [held] = world.leases();

    const refused = world.enter().take();

    await expect(refused).rejects.toMatchObject({
      name: "GuardError",
      guard: "other-cleanup",
      message: expect.stringMatching(
        /^memory\.test\/shop\/app is being cleaned by process \d+ on test \(run [0-9a-f]{16}\), whose lease ends at 2026-01-10T00:10:00\.000Z; if it is dead, remove the tag tidemark-lease-[0-9a-f]{16}-0; --wait 30m waits for it$/,
      ),
    });
    expect(world.leases()).toEqual([held]);
  });

  it("is waited for", async () => {
    const world = createWorld();
    const first = world.enter();
    await first.take();
    world.after(2 * MINUTE_MS, () => first.lock.release());

    const second = world.enter({ waitMs: 5 * MINUTE_MS });
    await second.take();

    expect(second.waited()).toBe(1);
    expect(world.leases()).toHaveLength(1);
    expect(world.elapsed()).toBeGreaterThanOrEqual(2 * MINUTE_MS);
  });

  it("is not waited for longer than asked", async () => {
    const world = createWorld();
    await world.enter().take();

    const refused = world.enter({ waitMs: MINUTE_MS }).take();

    await expect(refused).rejects.toThrow("it was waited for in vain");
    expect(world.elapsed()).toBe(MINUTE_MS);
    expect(world.leases()).toHaveLength(1);
  });

  it("is taken over from a dead process at once, and from a silent one when its lease is over", async () => {
    const world = createWorld();
    const [dead, silent] = [world.enter(), world.enter()];
    await dead.take();
    world.kill(dead);
    await silent.take();

    world.pass(12 * MINUTE_MS);
    const third = world.enter();
    await third.take();

    expect(third.lock.isTaken()).toBe(true);
  });

  it("is renewed under a new tag long before it ends", async () => {
    const world = createWorld();
    const run = world.enter();
    await run.take();
    const before = world.leases();
    await run.keepUp();
    expect(world.leases()).toEqual(before);

    world.pass(4 * MINUTE_MS);
    await run.keepUp();

    expect(world.leases()).toHaveLength(1);
    expect(world.leases()).not.toEqual(before);
    await expect(world.enter().take()).rejects.toThrow("2026-01-10T00:14:00.000Z");
  });

  it("is lost when its lease is gone, at the next listing and at the next renewal", async () => {
    const world = createWorld();
    const run = world.enter();
    await run.take();
    for (const tag of world.leases()) world.state.tags.delete(tag);

    await expect(run.list().then(run.lock.check)).rejects.toMatchObject({ guard: "other-cleanup" });
    const other = world.enter();
    await other.take();
    for (const tag of world.leases()) world.state.tags.delete(tag);
    world.pass(4 * MINUTE_MS);
    await expect(other.keepUp()).rejects.toMatchObject({ guard: "other-cleanup" });
  });

  it("that ended unnoticed is asked for anew", async () => {
    const world = createWorld();
    const run = world.enter();
    await run.take();
    const before = world.leases();

    world.pass(60 * MINUTE_MS);
    await run.keepUp();

    expect(world.leases()).toHaveLength(1);
    expect(world.leases()).not.toEqual(before);
  });

  it("that ended unnoticed and is another's by then is lost", async () => {
    const world = createWorld();
    const run = world.enter();
    await run.take();
    world.pass(60 * MINUTE_MS);
    await world.enter().take();

    await expect(run.keepUp()).rejects.toMatchObject({ guard: "other-cleanup" });
  });

  it("is a file where the registry takes no lease, with one warning", async () => {
    const world = createWorld({
      before: ({ op, key }) => {
        if (op === "put" && isLeaseTag(key)) throw refusal();
      },
    });
    const run = world.enter({ files: true });

    await run.take();

    expect(run.lock.isTaken()).toBe(true);
    expect(run.lock.warnings).toEqual([
      "the registry took no lease, so only cleanups on this machine are kept apart: memory.test: denied",
    ]);
    await expect(world.enter({ files: true }).take()).rejects.toThrow(
      /is being cleaned by process \d+ on test .*, says \/state\/shop\.lock; if nothing runs, remove that file/,
    );
    await run.lock.release();
    await world.enter({ files: true }).take();
  });

  it("that cannot be given back is a warning", async () => {
    let refuses = false;
    const world = createWorld({ refuses: () => (refuses ? "denied" : undefined) });
    const run = world.enter();
    await run.take();
    refuses = true;

    await run.lock.release();

    expect(run.lock.warnings).toEqual([
      expect.stringMatching(
        /^this run's lease tidemark-lease-[0-9a-f]{16}-0, which ends at .*, stays: memory\.test/,
      ),
    ]);
  });

  it.each(["unsupported", "denied", "unauthorized"] as const)(
    "is not asked for where deletions are %s",
    async (code) => {
      const world = createWorld({ refuses: () => code });

      await expect(world.enter().take()).rejects.toMatchObject({ code });
      expect(world.leases()).toEqual([]);
    },
  );

  it("is not asked for where a lease that is over cannot be removed", async () => {
    const world = createWorld({ refuses: () => "unsupported" });
    const run = world.enter();
    const [digest] = world.state.tags.values();
    if (digest === undefined) throw new Error("the repository is empty");

    const taking = run.lock.take({ ...run.means, over: [{ tag: "tidemark-lease-old-0", digest }] });

    await expect(taking).rejects.toMatchObject({ code: "unsupported" });
    expect(world.leases()).toEqual([]);
  });

  it("where the listing does not show the lease warns", async () => {
    const world = createWorld();
    const run = world.enter();
    const none = { own: new Set<string>(), others: [] };

    await run.lock.take({ ...run.means, list: () => Promise.resolve(none) });

    expect(run.lock.warnings).toEqual([expect.stringContaining("listing does not show the lease")]);
  });
});

it("of several cleanups that start together never more than one goes on, and one does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 2, max: 4 }),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 }),
      async (scheduler, count, skews) => {
        const world = createWorld({}, () => scheduler.schedule(Promise.resolve()));
        let holding = 0;
        let most = 0;
        let done = 0;
        const refusals: unknown[] = [];
        const runs = Array.from({ length: count }, async (_, at) => {
          const run = world.enter({ skewMs: (skews[at] ?? 0) * 1000 });
          const refusal = await run.take().then(
            () => undefined,
            (error: unknown) => error,
          );
          refusals.push(refusal);
          if (refusal !== undefined) return;
          holding += 1;
          most = Math.max(most, holding);
          for (let step = 0; step < 15; step += 1) await scheduler.schedule(Promise.resolve());
          holding -= 1;
          done += 1;
          await run.lock.release();
        });
        await scheduler.waitFor(Promise.all(runs));
        for (const refusal of refusals.filter((found) => found !== undefined)) {
          expect(refusal).toMatchObject({ guard: "other-cleanup" });
        }
        expect(most).toBe(1);
        expect(done).toBeGreaterThanOrEqual(1);
        expect(world.leases()).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

interface Entered {
  readonly lock: RunLock;
  readonly means: Parameters<RunLock["take"]>[0];
  take(): Promise<void>;
  keepUp(): Promise<void>;
  list(): Promise<ListedLeases>;
  /** How often it had to wait for another run. */
  waited(): number;
  readonly run: string;
}

interface Enter {
  readonly waitMs?: number;
  /** How much its clock is ahead. */
  readonly skewMs?: number;
  readonly files?: boolean;
}

/** What a request of another run takes at most: whoever waits lets that many go on. */
const REQUEST_MS = 250;

/** A repository and the runs that want it, with one clock that waiting moves. */
function createWorld(options: MemoryOptions = {}, turn = (): Promise<void> => Promise.resolve()) {
  const state = repositoryIn(createState(), REPOSITORY.name);
  seedContent(state, imageOf({}), ["latest"]);
  const registry = withTurns(createMemoryRegistry(state, options), state, turn);
  const dead = new Set<string>();
  const events: { readonly at: number; readonly happen: () => Promise<void> }[] = [];
  let clock = NOW;
  let file: string | undefined;

  const sleep = async (ms: number): Promise<void> => {
    clock += ms;
    for (let passed = 0; passed < ms; passed += REQUEST_MS) await turn();
    for (const { at, happen } of events) if (at <= clock) await happen();
  };

  return {
    state,
    leases: () => leasesIn(state),
    pass: (ms: number) => void (clock += ms),
    elapsed: () => clock - NOW,
    after: (ms: number, happen: () => Promise<void>) => void events.push({ at: NOW + ms, happen }),
    kill: ({ run }: Entered) => void dead.add(run),
    enter({ waitMs = 0, skewMs = 0, files = false }: Enter = {}): Entered {
      const sole = soleRunner(NOW);
      const deps = { ...depsFor(registry), now: () => new Date(clock + skewMs) };
      let run = "";
      const runner: Runner = {
        ...sole,
        identify: async () => {
          const holder = await sole.identify();
          run = holder.run;
          return holder;
        },
        isGone: (holder) => Promise.resolve(dead.has(holder.run)),
        sleep,
        async tryLockFile() {
          if (!files) throw new Error("nobody asks for a lock file");
          const holder = await sole.identify();
          if (file !== undefined) return { kind: "busy", path: "/state/shop.lock", holder };
          file = holder.run;
          const isHeld = (): Promise<boolean> => Promise.resolve(file === holder.run);
          const release = (): Promise<void> => Promise.resolve(void (file = undefined));
          return { kind: "taken", lock: { isHeld, release } };
        },
      };
      const own: CommandDeps = { ...deps, runner };
      const lock = createRunLock(
        { registry, repository: REPOSITORY, project: "shop", waitMs },
        own,
      );
      let waits = 0;
      const list = (): Promise<ListedLeases> => listLeases(registry, own);
      const waited = (): Promise<void> => Promise.resolve(void (waits += 1));
      const means = { list, waited, over: [] };
      return {
        lock,
        means,
        list,
        take: () => lock.take(means),
        keepUp: () => lock.keepUp(list),
        waited: () => waits,
        get run() {
          return run;
        },
      };
    },
  };
}

async function listLeases(registry: Registry, deps: CommandDeps): Promise<ListedLeases> {
  const entries = await Array.fromAsync(registry.listTags(REPOSITORY));
  const own = ownLeases(entries, await deps.runner.identify());
  const tags = await Promise.all(
    entries
      .filter(({ tag }) => !own.has(tag))
      .map(async ({ tag }) => {
        const found = await registry.resolve({ ...REPOSITORY, tag });
        return { tag, class: classifyTag(tag), ...(found && { digest: found.digest }) };
      }),
  );
  const home = { registry, repository: REPOSITORY };
  const { leases } = await readLeases(tags, () => home, new Map(), deps);
  return { own, others: leases };
}

function depsFor(registry: Registry): CommandDeps {
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
  return depsOf(registry, ask, {});
}

function leasesIn({ tags }: RepositoryState): string[] {
  return [...tags.keys()].filter(isLeaseTag);
}

/** Lets others go on before each request is served, and at no other time. */
function withTurns(
  registry: Registry,
  { blobs }: RepositoryState,
  turn: () => Promise<void>,
): Registry {
  return {
    ...registry,
    async getBlob(_, digest) {
      await turn();
      return new ReadableStream({
        start(stream) {
          stream.enqueue(blobs.get(digest) ?? new Uint8Array());
          stream.close();
        },
      });
    },
    get capabilities() {
      return registry.capabilities;
    },
    async *listTags(...args) {
      await turn();
      yield* registry.listTags(...args);
    },
    resolve: async (...args) => {
      await turn();
      return registry.resolve(...args);
    },
    getManifest: async (...args) => {
      await turn();
      return registry.getManifest(...args);
    },
    putManifest: async (...args) => {
      await turn();
      return registry.putManifest(...args);
    },
    async *deleteManifests(...args) {
      await turn();
      yield* registry.deleteManifests(...args);
    },
  };
}

function refusal(): Error {
  return new RegistryError("denied", "memory.test: denied");
}
