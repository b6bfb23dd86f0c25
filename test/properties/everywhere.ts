import { nameOf } from "../../src/commands/cleanup/result.ts";
import type { CleanupResult, Deleted } from "../../src/commands/cleanup/result.ts";
import type { Deletion } from "../../src/engine/cleanup/plan.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { expectSame, expectUnmoved, frozen, isOwn, withoutOwn } from "./checks.ts";
import type { RepositoryState } from "./contents.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import type { MemoryOptions, MemoryRegistry } from "./memory-registry.ts";
import { nameOf as nameOfTag } from "./model-names.ts";
import type { Store } from "./model-reading.ts";
import { property } from "./property.ts";
import { cleanUp } from "./run.ts";
import type { RunOptions } from "./run.ts";
import { watchAll } from "./watch-all.ts";
import { wideSpec } from "./wide-spec.ts";
import { buildWideWorld } from "./wide-world.ts";
import type { WideWorld } from "./wide-world.ts";

const usual = wideSpec("usual");

/** What holds of every world on every registry that a capability record tells of. */
export const everywhere = [
  property(
    "on every deletion mode nothing goes that the model keeps, and all that went is told and written down",
    400,
    usual,
    async (spec) => {
      const world = buildWideWorld(spec);
      const before = frozen(world.contents);
      const entries: JournalEntry[] = [];
      const registry = openWatched(world, before);
      const result = await run(world, registry, {
        parallel: spec.parallel,
        journal: (some) => void entries.push(...some),
      });
      expectSame(
        result.failed.map(({ message }) => message),
        [],
        "what failed",
      );
      expectAllTold(before, world.contents, result);
      expectAllWritten(before, world.contents, entries);
      expectUnmoved(before, frozen(world.contents));
    },
  ),
  property(
    "on every deletion mode a dry run changes nothing and decides what a real run does",
    150,
    usual,
    async (spec) => {
      const world = buildWideWorld(spec);
      const before = frozen(world.contents);
      const dry = openWatched(world, before);
      const planned = await run(world, dry, { dryRun: true, parallel: spec.parallel });
      expectSame(
        dry.mutations.map(({ op }) => op),
        [],
        "a dry run sends no change",
      );
      const done = await run(world, openWatched(world, before), { parallel: spec.parallel });
      const settled = [...done.deleted, ...done.skipped];
      expectSame(settled.map(nameOf), planned.deleted.map(nameOf), "the decisions");
      expectSame(
        done.kept.map(({ tag }) => tag),
        planned.kept.map(({ tag }) => tag),
        "what is kept",
      );
    },
  ),
  property("on every deletion mode a second run deletes nothing", 150, usual, async (spec) => {
    const world = buildWideWorld(spec);
    const record = world.contents.tags.get("cleanup");
    const first = await run(world, openWatched(world, frozen(world.contents)));
    const before = frozen(world.contents);
    const second = await run(world, openWatched(world, before));
    if (first.skipped.length > 0) return;
    // The record of the run before the first has no tag any more, and what a registry takes along may leave orphans.
    const { deleteOrphans, seen } = world.ask.extras;
    const orphans = new Set(second.plan.deletions.filter(isOrphan).map(({ digest }) => digest));
    const others = second.deleted.filter(
      (item) =>
        isNoRecord(item) &&
        item.digest !== record &&
        !(deleteOrphans && seen.takesChildren && orphans.has(item.digest)),
    );
    expectSame(others.map(line), [], "a second run");
    expectUnmoved(before, frozen(world.contents));
  }),
];

/** The registry of a world, and a watch over it. */
export function openWatched(
  { contents, ask, mode }: WideWorld,
  before: Store,
  disturbance: Pick<MemoryOptions, "before" | "changed" | "refuses" | "losesAnswer"> = {},
  { isWatched = true } = {},
): MemoryRegistry {
  const guard = isWatched ? watchAll(contents, before, ask) : undefined;
  const { record, untags, tellsReferrers, isImmutable } = mode;
  return createMemoryRegistry(contents, {
    capabilities: record,
    untags,
    tellsReferrers,
    isImmutable,
    pushedAt: (digest) => ask.extras.pushed.get(digest) ?? 0,
    ...disturbance,
    changed: (mutation) => {
      guard?.(mutation);
      disturbance.changed?.(mutation);
    },
  });
}

/** Runs a cleanup; a publisher of the world runs on unless its lease says that it is dead. */
export function run(
  { ask }: WideWorld,
  registry: MemoryRegistry,
  options: RunOptions = {},
): Promise<CleanupResult> {
  const isGone = (holder: { readonly run: string }): Promise<boolean> =>
    Promise.resolve(!holder.run.startsWith("beef"));
  return cleanUp(registry, ask, { ...options, runner: { isGone } });
}

/** What is told as deleted is gone, and every tag that is gone is told, if only as what the run did not get to. */
export function expectAllTold(
  before: Store,
  { tags, manifests }: RepositoryState,
  { deleted, failed, skipped, remaining = [] }: CleanupResult,
): void {
  const there = new Set<string>([...tags.keys(), ...manifests.keys()]);
  const left = deleted.filter((item) => item.tag !== "cleanup" && there.has(nameOf(item)));
  expectSame(left.map(nameOf), [], "what is told as deleted is gone");
  const told = new Set([...deleted, ...failed, ...skipped, ...remaining].map(nameOf));
  const untold = withoutOwn(before.tags.keys()).filter((tag) => !tags.has(tag) && !told.has(tag));
  expectSame(untold, [], "every tag that is gone is told");
}

function expectAllWritten(
  before: Store,
  { manifests }: RepositoryState,
  entries: readonly JournalEntry[],
): void {
  const written = new Set<string>(
    entries.flatMap(({ digest, children = [], referrers = [] }) => [
      digest,
      ...[...children, ...referrers].map((one) => one.digest),
    ]),
  );
  const there = new Set<string>(manifests.keys());
  const own = new Set([...before.tags].flatMap(([tag, digest]) => (isOwn(tag) ? [digest] : [])));
  // As in what is told: signatures about a manifest without a tag.
  const unseen = new Set(
    [...before.tags].flatMap(([tag, digest]) => {
      const name = nameOfTag(tag);
      const isUnseen = name.is === "signature" && ![...before.tags.values()].includes(name.subject);
      return isUnseen ? [digest] : [];
    }),
  );
  const lost = [...before.manifests.keys()].filter(
    (digest) =>
      !there.has(digest) && !written.has(digest) && !own.has(digest) && !unseen.has(digest),
  );
  expectSame(lost, [], "every manifest that is gone is in the journal");
}

function isOrphan({ tags, because }: Deletion): boolean {
  return because === "orphan" || tags.some((tag) => tag.because === "orphan");
}

function isNoRecord(item: Deleted): boolean {
  return item.tag === undefined || !isOwn(item.tag);
}

function line(item: Deleted): string {
  return `${nameOf(item)} ${item.digest} ${item.how}`;
}
