import fc from "fast-check";
import { expect, it } from "vitest";
import { removeSource } from "../../../src/commands/migrate/remove-source.ts";
import type { Removal } from "../../../src/commands/migrate/result.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { GUARD_NAMES } from "../../../src/engine/cleanup/guards.ts";
import { Broken, expectUnmoved, frozen, isOwn, withoutOwn } from "../../properties/checks.ts";
import { copyOf } from "../../properties/contents.ts";
import type { RepositoryState } from "../../properties/contents.ts";
import { openWatched } from "../../properties/everywhere.ts";
import { createMemoryRegistry, failure } from "../../properties/memory-registry.ts";
import { readManifest, storeOf } from "../../properties/model-reading.ts";
import type { Store } from "../../properties/model-reading.ts";
import { PROJECT } from "../../properties/world.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";
import { wideSpec } from "../../properties/wide-spec.ts";
import { buildWideWorld } from "../../properties/wide-world.ts";
import type { WideWorld } from "../../properties/wide-world.ts";

const TARGET = { host: "target.test", name: "shop" };

/** One in so many manifests without a tag is not in the target; 0: all are. */
const LOST = fc.constantFrom(0, 1, 1, 2);

/** How many requests go well. */
const STOP = fc.option(fc.nat(120), { nil: undefined });

const cases = fc.tuple(wideSpec("usual"), fc.nat(5), LOST, STOP);

it("whatever is there, however far it comes: a removal takes nothing that was not proved, nor what that needs", async () => {
  const holds = fc.assert(
    fc.asyncProperty(cases, async ([spec, unproved, lost, stop]) => {
      const world = buildWideWorld(spec);
      const { contents } = world;
      const before = frozen(contents);
      const target = copyOf(contents);
      loseSome(target, lost);
      const proved = someOf(contents, unproved);
      const request = { proved, target };

      const undisturbed = { ...world, contents: copyOf(contents) };
      await removeFrom(undisturbed, request);

      await removeFrom(world, request, stop).catch(ignore);
      expectProvedOnly(before, contents, request);
      const removal = await removeFrom(world, request);
      expectProvedOnly(before, contents, request);

      expectTold(removal, contents, proved);
      if (removal.refused !== undefined) return;
      const left = (state: RepositoryState): string[] => withoutOwn(state.tags.keys());
      const whole = new Set(left(undisturbed.contents));
      // What is about a signature that the target lacks may keep more of them once their subject has gone.
      const isSignature = (tag: string): boolean => tag.startsWith("sha256-");
      expect(left(contents).filter((tag) => !whole.has(tag) && !isSignature(tag))).toEqual([]);
    }),
    { numRuns: 80, seed: 20_261_121, endOnFailure: true },
  );

  await expect(holds).resolves.toBeUndefined();
}, 60_000);

interface Proof {
  readonly proved: ReadonlyMap<string, Digest>;
  readonly target: RepositoryState;
}

/** @param stop The transport stops for good after so many requests. Absent: it does not. */
async function removeFrom(
  world: WideWorld,
  { proved, target }: Proof,
  stop = Number.POSITIVE_INFINITY,
): Promise<Removal> {
  const { contents, ask } = world;
  const from = openWatched(
    world,
    frozen(contents),
    {
      before: ({ index, key }) => {
        if (index >= stop) throw failure("unavailable", key);
      },
    },
    { isWatched: false },
  );
  const to = createMemoryRegistry(target);
  const isGone = ({ run }: { readonly run: string }): Promise<boolean> =>
    Promise.resolve(!run.startsWith("beef"));
  return removeSource(
    {
      from: REPOSITORY,
      to: TARGET,
      proved,
      project: PROJECT,
      policy: { allow: new Set(GUARD_NAMES), gcGraceMs: 0 },
    },
    {
      ...depsOf(from, ask, { runner: { isGone } }),
      openRegistry: (_, role) => Promise.resolve(role === "to" ? to : from),
    },
  );
}

/** Every tag but one in so many, from the first; 0: every tag. */
function someOf({ tags }: RepositoryState, oneIn: number): ReadonlyMap<string, Digest> {
  const all = [...tags].filter(([tag]) => !isOwn(tag));
  return new Map(all.filter((_, at) => oneIn === 0 || at % (oneIn + 1) !== 0));
}

/** Takes away one manifest in so many of those that no tag and no index names: what is proved is whole. */
function loseSome(state: RepositoryState, oneIn: number): void {
  const store = storeOf(state);
  const named = new Set<string>(state.tags.values());
  for (const digest of store.manifests.keys()) {
    for (const child of readManifest(store, digest)?.children ?? []) named.add(child);
  }
  const alone = [...state.manifests.keys()].filter((digest) => !named.has(digest));
  for (const digest of alone.filter((_, at) => oneIn > 0 && at % oneIn === 0)) {
    state.manifests.delete(digest);
  }
}

function expectProvedOnly(
  before: Store,
  left: RepositoryState,
  { proved, target: to }: Proof,
): void {
  const after = storeOf(left);
  const target = storeOf(to);
  expectUnmoved(before, after);
  for (const [tag, digest] of before.tags) {
    if (isOwn(tag) || proved.has(tag)) continue;
    if (after.tags.get(tag) !== digest) throw new Broken(`${tag} was not proved and went`);
  }
  for (const [tag, digest] of before.tags) {
    if (proved.has(tag)) continue;
    const lost = reach(before, digest).find(
      (each) => before.manifests.has(each) && !after.manifests.has(each),
    );
    if (lost !== undefined && !isOwn(tag)) throw new Broken(`${tag} stays and lost ${lost}`);
  }
  const own = new Set([...before.tags].flatMap(([tag, digest]) => (isOwn(tag) ? [digest] : [])));
  for (const digest of before.manifests.keys()) {
    if (after.manifests.has(digest) || own.has(digest)) continue;
    if (!target.manifests.has(digest)) throw new Broken(`${digest} is nowhere any more`);
  }
}

/** A manifest and all that it leads to as an index. */
function reach(store: Store, digest: string): readonly string[] {
  const reached = new Set([digest]);
  for (const each of reached) {
    for (const child of readManifest(store, each)?.children ?? []) reached.add(child);
  }
  return [...reached];
}

function expectTold(
  { deleted, kept, failed, refused }: Removal,
  { tags }: RepositoryState,
  proved: ReadonlyMap<string, Digest>,
): void {
  const stays = new Set([...kept, ...failed].map(({ tag }) => tag));
  expect(deleted.filter((tag) => tags.has(tag) || stays.has(tag))).toEqual([]);
  if (refused !== undefined) return;
  const silent = [...proved.keys()].filter((tag) => tags.has(tag) && !stays.has(tag));
  expect(silent).toEqual([]);
}

function ignore(error: unknown): void {
  if (error instanceof Broken) throw error;
}
