import { nameOf as resultName } from "../../src/commands/cleanup/result.ts";
import fc from "fast-check";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import { Broken, expectSame, expectUnmoved, frozen, watch, isOwn, withoutOwn } from "./checks.ts";
import { copyOf } from "./contents.ts";
import type { RepositoryState } from "./contents.ts";
import { createMemoryRegistry, failure } from "./memory-registry.ts";
import type { MemoryOptions } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { nameOf } from "./model-names.ts";
import type { Ask } from "./ask.ts";
import { memoryOptions, property, smallWorld, surroundings, usualWorld } from "./property.ts";
import type { Surroundings } from "./property.ts";
import { cleanUp } from "./run.ts";
import { buildWorld } from "./world.ts";

/** A run that ends before its end, or that is refused on its way, and the run after it. */
export const interruptions = [
  property(
    "a transport that stops for good after any request costs nothing needed, and the next run ends as one would",
    40,
    fc.tuple(smallWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const whole = await undisturbed(contents, ask, around);
      for (let stop = 0; stop < whole.calls; stop += 1) {
        await interrupt(contents, ask, around, whole.left, {
          before: ({ index, key }) => {
            if (index >= stop) throw failure("unavailable", key);
          },
        });
      }
    },
  ),
  property(
    "killed after any change, a run can be started again and ends as an undisturbed one",
    250,
    fc.tuple(usualWorld, surroundings, fc.nat(200)),
    async ([spec, around, at]) => {
      const { contents, ask } = buildWorld(spec);
      const whole = await undisturbed(contents, ask, around);
      let left = whole.changes === 0 ? 0 : at % whole.changes;
      await interrupt(contents, ask, around, whole.left, {
        before: () => {
          if (left < 0) throw new Killed();
        },
        changed: () => {
          left -= 1;
        },
      });
    },
  ),
  property(
    "deletions that are refused are told, keep what they lead to, and the next run ends as one would",
    250,
    fc.tuple(
      usualWorld,
      surroundings,
      fc.array(fc.record({ at: fc.nat(12), code: fc.constantFrom(...codes()) }), {
        minLength: 1,
        maxLength: 4,
      }),
    ),
    async ([spec, around, refusals]) => {
      const { contents, ask } = buildWorld(spec);
      const whole = await undisturbed(contents, ask, around);
      await refuseSome(contents, ask, { around, refusals, left: whole.left });
    },
  ),
];

/** The process is gone: no code of the product runs on, whatever it would have made of an error. */
class Killed extends Error {
  override readonly name = "Killed";
}

/** What a deletion may be refused with. */
export function codes(): readonly RegistryErrorCode[] {
  return [
    "unauthorized",
    "denied",
    "conflict",
    "invalid",
    "rate-limited",
    "unsupported",
    "unavailable",
    "protocol",
  ];
}

interface Whole {
  /** Where it ends. */
  readonly left: RepositoryState;
  readonly calls: number;
  readonly changes: number;
}

async function undisturbed(
  contents: RepositoryState,
  ask: Ask,
  around: Surroundings,
): Promise<Whole> {
  const left = copyOf(contents);
  const registry = createMemoryRegistry(left, memoryOptions(around));
  await cleanUp(registry, ask, { parallel: around.parallel });
  return { left, calls: registry.calls(), changes: registry.mutations.length };
}

async function interrupt(
  contents: RepositoryState,
  ask: Ask,
  around: Surroundings,
  left: RepositoryState,
  disturbance: Pick<MemoryOptions, "before" | "changed">,
): Promise<void> {
  const state = copyOf(contents);
  const guard = watch(state, judge(frozen(state), ask));
  const registry = createMemoryRegistry(state, {
    ...memoryOptions(around),
    ...disturbance,
    changed(mutation) {
      guard(mutation);
      disturbance.changed?.(mutation);
    },
  });
  const before = frozen(state);
  try {
    await cleanUp(registry, ask, { parallel: around.parallel });
  } catch (error) {
    if (!(error instanceof RegistryError || error instanceof Killed)) throw error;
  }
  expectUnmoved(before, frozen(state));
  await expectSameEnd(state, ask, around, left);
}

/**
 * One more run, which nothing disturbs.
 *
 * A signature goes after what it is about. Where a run ends between the two, nobody can tell any more whose it was, so it
 * stays: the one thing that an interrupted run may leave behind.
 */
async function expectSameEnd(
  state: RepositoryState,
  ask: Ask,
  around: Surroundings,
  left: RepositoryState,
): Promise<void> {
  const guard = watch(state, judge(frozen(state), ask));
  const registry = createMemoryRegistry(state, { ...memoryOptions(around), changed: guard });
  await cleanUp(registry, ask, { parallel: around.parallel });
  const expected = new Set(linesOf(left));
  const found = linesOf(state).filter(
    (line) => expected.has(line) || nameOf(line.slice(0, line.indexOf(" "))).is !== "signature",
  );
  expectSame(found, expected, "where the next run ends");
}

async function refuseSome(
  contents: RepositoryState,
  ask: Ask,
  {
    around,
    refusals,
    left,
  }: {
    readonly around: Surroundings;
    readonly refusals: readonly { readonly at: number; readonly code: RegistryErrorCode }[];
    readonly left: RepositoryState;
  },
): Promise<void> {
  const state = copyOf(contents);
  let guard = watch(state, judge(frozen(state), ask));
  let deletions = 0;
  const held = new Set<string>();
  const registry = createMemoryRegistry(state, {
    ...memoryOptions(around),
    changed: (mutation) => guard(mutation),
    refuses({ op, key }) {
      const leased = state.tags.entries().some(([tag, digest]) => isOwn(tag) && digest === key);
      const isThere = [...state.tags.keys(), ...state.manifests.keys()].some(
        (name) => name === key,
      );
      if (leased || !isThere) return undefined;
      const found = refusals.find(({ at }) => at === deletions);
      deletions += 1;
      if (found === undefined) return undefined;
      const tags = [...state.tags].flatMap(([tag, digest]) => (digest === key ? [tag] : []));
      for (const name of op === "untag" || tags.length === 0 ? [key] : tags) held.add(name);
      // What a refused item leads to stays from now on; items of the same batch are under way already.
      const keepList = new Set([...ask.keepList, ...held]);
      if (around.parallel === 1 && around.batch === 1) {
        guard = watch(state, judge(frozen(state), { ...ask, keepList }));
      }
      return found.code;
    },
  });
  try {
    const result = await cleanUp(registry, ask, { parallel: around.parallel });
    const { failed, skipped, deleted } = result;
    // What a rule of the registry keeps is no failure.
    const refused = skipped.filter(({ why }) => why === "refused");
    expectSame([...failed, ...refused].map(resultName), held, "what was refused is told");
    const both = deleted.filter(
      (item) =>
        (item.tag === undefined ? state.manifests.has(item.digest) : state.tags.has(item.tag)) &&
        item.tag !== "cleanup",
    );
    expectSame(both.map(resultName), [], "what is told as deleted is gone");
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const gone = [...contents.tags.keys()].filter((tag) => !state.tags.has(tag));
    if (gone.length > 0) throw new Broken(`it ended with ${error.message} after ${gone.join()}`);
  }
  await expectSameEnd(state, ask, around, left);
}

function linesOf({ tags, manifests }: RepositoryState): string[] {
  return withoutOwn(tags.keys()).map(
    (tag) => `${tag} ${manifests.has(tags.get(tag) ?? "sha256:") ? tags.get(tag) : "nothing"}`,
  );
}
