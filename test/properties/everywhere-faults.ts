import fc from "fast-check";
import { GuardError } from "../../src/commands/error.ts";
import { nameOf } from "../../src/commands/cleanup/result.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { Broken, expectSame, expectUnmoved, frozen, isOwn } from "./checks.ts";
import type { RepositoryState } from "./contents.ts";
import { event, happen } from "./event.ts";
import { expectAllTold, openWatched, run } from "./everywhere.ts";
import { codes } from "./interruptions.ts";
import { failure } from "./memory-registry.ts";
import type { Call, MemoryOptions } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { property } from "./property.ts";
import { watchAll } from "./watch-all.ts";
import { pushLater, wideEvent } from "./wide-event.ts";
import { wideSpec } from "./wide-spec.ts";
import { buildWideWorld } from "./wide-world.ts";

/** The process is gone, or what it talks to. */
class Killed extends Error {
  override readonly name = "Killed";
}

const faults = fc.record({
  refused: fc.array(fc.record({ at: fc.nat(12), code: fc.constantFrom(...codes()) }), {
    maxLength: 3,
  }),
  lost: fc.array(fc.nat(12), { maxLength: 2 }),
  stop: fc.record({
    kind: fc.constantFrom("none", "none", "killed", "unavailable", "interrupted"),
    at: fc.nat(80),
  }),
});

type Faults = typeof faults extends fc.Arbitrary<infer Value> ? Value : never;

/** Longer than a listing is trusted, so that every batch lists again. */
const LONG_MS = 61_000;

/** The same while something goes wrong, or others change what is there. */
export const everywhereFaults = [
  property(
    "on every deletion mode refusals, lost answers and ends on the way cost nothing that the model keeps",
    250,
    fc.tuple(wideSpec("usual"), faults),
    async ([spec, chosen]) => {
      const world = buildWideWorld(spec);
      const { contents, ask } = world;
      const before = frozen(contents);
      const verdict = judge(before, ask);
      const abort = new AbortController();
      const disturbance = disturb(contents, chosen, abort);
      const registry = openWatched(world, before, disturbance);
      try {
        const result = await run(world, registry, {
          parallel: spec.parallel,
          signal: abort.signal,
        });
        if (chosen.lost.length === 0) expectAllTold(before, contents, result);
        const told = new Set([...result.failed, ...result.skipped].map(nameOf));
        const untold = [...disturbance.held].filter((name) => !told.has(name));
        expectSame(untold, [], "what was refused is told");
      } catch (error) {
        const isExpected = error instanceof RegistryError || error instanceof Killed;
        if (!isExpected && !abort.signal.aborted) throw error;
      }
      expectUnmoved(before, frozen(contents));

      await run(world, openWatched(world, frozen(contents)), { parallel: spec.parallel });
      const tags = new Set(contents.tags.keys());
      const there = new Set<string>(contents.manifests.keys());
      for (const tag of verdict.needed) {
        if (before.tags.has(tag) && !tags.has(tag)) throw new Broken(`the next run took ${tag}`);
      }
      // The first run wrote a new record of itself; the old one then has no tag.
      const oldRecord = before.tags.get("cleanup");
      for (const digest of verdict.reached) {
        if (before.manifests.has(digest) && !there.has(digest) && digest !== oldRecord) {
          throw new Broken(`the next run took ${digest}`);
        }
      }
    },
  ),
  property(
    "on every deletion mode what others push, move and start meanwhile keeps what it needs",
    250,
    fc.tuple(
      wideSpec("usual"),
      fc.array(fc.record({ when: fc.nat(5), what: fc.oneof(event, wideEvent) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    async ([spec, events]) => {
      const world = buildWideWorld(spec);
      const { contents } = world;
      const origin = frozen(contents);
      let before = origin;
      let ask = world.ask;
      let guard = watchAll(contents, before, ask);
      let listings = 0;
      let isPlanned = false;
      let count = 0;
      const pushed = new Set<string>();
      const occur = (now: number): void => {
        for (const { what } of events.filter(({ when }) => when === now)) {
          const known = frozen(contents).tags;
          count += 1;
          if ("of" in what) ask = pushLater(contents, ask, what, count);
          else happen(contents, ask, what, count);
          before = frozen(contents);
          for (const [tag, digest] of before.tags) {
            if (known.get(tag) !== digest && !isOwn(tag)) pushed.add(tag);
          }
          const keepList = new Set([...ask.keepList, ...pushed]);
          guard = watchAll(contents, before, { ...ask, keepList }, union(origin, before));
        }
      };
      const registry = openWatched(
        world,
        before,
        {
          changed: (mutation) => guard(mutation),
          before({ op }) {
            if (op !== "list" || !isPlanned) return;
            listings += 1;
            occur(listings);
          },
        },
        { isWatched: false },
      );
      try {
        await run(world, registry, {
          parallel: spec.parallel,
          tickMs: LONG_MS,
          uses: () => ask.extras.uses,
          request: {
            savePlan: async () => {
              isPlanned = true;
              occur(0);
            },
          },
        });
      } catch (error) {
        if (!(error instanceof RegistryError || error instanceof GuardError)) throw error;
      }
      expectUnmoved(before, frozen(contents));
    },
  ),
];

/** Deletions in their order meet what was chosen for them. */
function disturb(
  state: RepositoryState,
  { refused, lost, stop }: Faults,
  abort: AbortController,
): Pick<MemoryOptions, "before" | "refuses" | "losesAnswer"> & { readonly held: Set<string> } {
  let deletions = 0;
  let isOver = false;
  const held = new Set<string>();
  // What a run removes of its own, and the digest of nothing that it tries its rights on.
  const isLease = ({ key }: Call): boolean =>
    isOwn(key) ||
    [...state.tags].some(([tag, digest]) => isOwn(tag) && digest === key) ||
    ![...state.tags.keys(), ...state.manifests.keys()].some((name) => name === key);
  return {
    held,
    before({ index, key }) {
      if (isOver) throw new Killed();
      if (index < stop.at || stop.kind === "none") return;
      if (stop.kind === "unavailable") throw failure("unavailable", key);
      if (stop.kind === "interrupted") return abort.abort(new Error("interrupted"));
      isOver = true;
      throw new Killed();
    },
    refuses(call) {
      if (isLease(call)) return undefined;
      deletions += 1;
      const found = refused.find(({ at }) => at === deletions - 1);
      if (found === undefined) return undefined;
      const on = [...state.tags].flatMap(([tag, digest]) => (digest === call.key ? [tag] : []));
      for (const name of on.length === 0 ? [call.key] : on) held.add(name);
      return found.code;
    },
    losesAnswer: (call) => !isLease(call) && lost.includes(deletions - 1),
  };
}

function union(
  a: ReturnType<typeof frozen>,
  b: ReturnType<typeof frozen>,
): ReturnType<typeof frozen> {
  return {
    tags: new Map([...a.tags, ...b.tags]),
    manifests: new Map([...a.manifests, ...b.manifests]),
    blobs: new Map([...a.blobs, ...b.blobs]),
  };
}
