import fc from "fast-check";
import { expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { createRepository } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { gatherMigration } from "../../../src/commands/migrate/gather-migration.ts";
import type { RepositoryPlan } from "../../../src/engine/migrate/plan.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import type { Capabilities } from "../../../src/registry/capabilities.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { depsOf } from "../../properties/run.ts";
import { NOW, stageId } from "./planning.ts";

/** One manifest: of what stands before it, by place. */
interface Node {
  readonly children: readonly number[];
  /** What it is about. */
  readonly about: number | undefined;
  readonly tags: readonly string[];
  /** A tag of a signature, about what stands there. */
  readonly signs: number | undefined;
  readonly isGone: boolean;
}

interface World {
  readonly nodes: readonly Node[];
  /** Places of tags that the target has already, with everything below. */
  readonly there: readonly number[];
  readonly from: Side;
  readonly to: Side;
}

interface Side {
  readonly listing: Capabilities["listing"];
  readonly tellsReferrers: boolean;
  readonly untaggedListing: boolean;
}

const place = fc.nat({ max: 11 });
const tag = fc.constantFrom(stageId("a"), stageId("b"), "d".repeat(56), "v1", "v2", "notes");
const side: fc.Arbitrary<Side> = fc.record({
  listing: fc.constantFrom("names", "digests"),
  tellsReferrers: fc.boolean(),
  untaggedListing: fc.boolean(),
});
const world: fc.Arbitrary<World> = fc.record({
  nodes: fc.array(
    fc.record({
      children: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.uniqueArray(place, { maxLength: 3 }) },
      ),
      about: fc.option(place, { nil: undefined, freq: 2 }),
      tags: fc.uniqueArray(tag, { maxLength: 2 }),
      signs: fc.option(place, { nil: undefined, freq: 3 }),
      isGone: fc.nat(9).map((chance) => chance === 0),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  there: fc.uniqueArray(place, { maxLength: 3 }),
  from: side,
  to: side,
});

it("everything that a planned tag leads to is there or planned, before what needs it, and a broken tag is left", async () => {
  await fc.assert(
    fc.asyncProperty(world, async (spec) => {
      const { source, target } = statesOf(spec);

      const plan = await planIn(spec, source, target);

      expect([...plan.tags, ...plan.left].map((entry) => entry.tag).toSorted()).toEqual(
        [...source.tags.keys()].toSorted(),
      );
      expectOrder(plan);
      const planned = new Map(plan.manifests.map((manifest) => [manifest.digest, manifest]));
      for (const { digest, there } of plan.tags) {
        if (there === "present") continue;
        for (const below of reach(source, digest)) {
          expect(planned.get(below)?.blobs.map((blob) => blob.digest)).toEqual(
            blobsIn(source, below),
          );
        }
      }
      for (const { why, digest } of plan.left) {
        if (why.kind !== "broken") continue;
        expect(digest === undefined ? [] : reach(source, digest)).toContain(why.missing);
        expect(source.manifests.has(why.missing)).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

it("what a run leaves is planned as there, and nothing is to be sent", async () => {
  await fc.assert(
    fc.asyncProperty(world, async (spec) => {
      const { source, target } = statesOf(spec);
      const plan = await planIn(spec, source, target);

      carryOut(plan, source, target);
      const again = await planIn(spec, source, target);

      expect(again.manifests).toEqual([]);
      expect(again.left).toEqual(plan.left);
      expect(again.tags).toEqual(plan.tags.map((planned) => ({ ...planned, there: "present" })));
    }),
    { numRuns: 150 },
  );
});

it("what is about anything copied is copied too, where the source tells", async () => {
  await fc.assert(
    fc.asyncProperty(world, async (spec) => {
      const { source, target } = statesOf(spec);
      const plan = await planIn(
        { ...spec, from: { ...spec.from, tellsReferrers: true } },
        source,
        target,
      );

      carryOut(plan, source, target);

      const copied = new Set(plan.tags.flatMap(({ digest }) => reach(source, digest)));
      for (const { digest } of plan.manifests) copied.add(digest);
      for (const [digest, { subject }] of readable(source)) {
        if (subject === undefined || !copied.has(subject)) continue;
        if (reach(source, digest).some((below) => !source.manifests.has(below))) continue;
        expect(target.manifests.has(digest)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

async function planIn(
  { from, to }: Pick<World, "from" | "to">,
  source: RepositoryState,
  target: RepositoryState,
): Promise<RepositoryPlan> {
  const sides = { from: open(source, from), to: open(target, to) };
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set<string>(), git: undefined };
  const deps = depsOf(sides.from, ask, { parallel: 3 });
  const { plan } = await gatherMigration(
    {
      from: { kind: "repository", repository: { host: "memory.test", name: "from" } },
      to: { kind: "repository", repository: { host: "memory.test", name: "to" } },
      selection: { foreign: true },
      overwrite: false,
      referrers: true,
      allow: new Set(["empty-source"]),
    },
    { ...deps, openRegistry: async (_, role) => (role === "to" ? sides.to : sides.from) },
  );
  const [only] = plan.repositories;
  if (only === undefined) throw new Error("no repository is planned");
  return only;
}

function open(state: RepositoryState, { listing, tellsReferrers, untaggedListing }: Side) {
  return createMemoryRegistry(state, {
    tellsReferrers,
    capabilities: { listing, untaggedListing },
  });
}

/** Stores what a plan names and nothing else, in its order. */
function carryOut(plan: RepositoryPlan, source: RepositoryState, target: RepositoryState): void {
  for (const { digest } of plan.manifests) {
    const stored = source.manifests.get(digest);
    if (stored === undefined) throw new Error(`the source has no ${digest}`);
    target.manifests.set(digest, stored);
  }
  for (const { as, digest, there } of plan.tags) {
    if (there !== "present" && !target.manifests.has(digest)) {
      throw new Error(`tag ${as} was to be set before its manifest was planned`);
    }
    target.tags.set(as, digest);
  }
}

function expectOrder({ manifests }: RepositoryPlan): void {
  const stored = new Set<Digest>();
  for (const { digest, after } of manifests) {
    expect(after.filter((needed) => !stored.has(needed))).toEqual([]);
    expect(stored.has(digest)).toBe(false);
    stored.add(digest);
  }
}

function statesOf({ nodes, there }: World): { source: RepositoryState; target: RepositoryState } {
  const [source, target] = [createRepository(), createRepository()];
  const contents: SeedContent[] = [];
  nodes.forEach(({ children, about, tags, signs }, at) => {
    const before = (other: number | undefined): SeedContent | undefined =>
      other === undefined || other >= at ? undefined : contents[other];
    const below = children.flatMap((child) => before(child) ?? []);
    const subject = before(about);
    const pointer = subject === undefined ? {} : { subject: descriptorOf(subject) };
    const content =
      below.length === 0
        ? imageOf({ labels: { werf: "shop", at: String(at) }, ...pointer })
        : indexOf(below, { ...pointer, annotations: { at: String(at) } });
    contents.push(content);
    store(source, content);
    const signed = before(signs);
    if (signed !== undefined)
      source.tags.set(`sha256-${signed.digest.slice(7)}.sig`, content.digest);
    for (const name of tags) source.tags.set(name, content.digest);
  });
  nodes.forEach(({ isGone }, at) => {
    const content = contents[at];
    if (isGone && content !== undefined) source.manifests.delete(content.digest);
  });
  for (const [name, digest] of source.tags) {
    const isThere = there.some((at) => contents[at]?.digest === digest);
    const all = reach(source, digest).map((below) => [below, source.manifests.get(below)] as const);
    if (!isThere || all.some(([, stored]) => stored === undefined)) continue;
    for (const [below, stored] of all)
      if (stored !== undefined) target.manifests.set(below, stored);
    target.tags.set(name, digest);
  }
  return { source, target };
}

function store(state: RepositoryState, { digest, mediaType, bytes, blobs }: SeedContent): void {
  state.manifests.set(digest, { mediaType, bytes });
  for (const blob of blobs) state.blobs.set(blob.digest, blob.bytes);
}

/** A digest and all that it leads to, there or not. */
function reach(state: RepositoryState, root: Digest): readonly Digest[] {
  const all = new Set([root]);
  for (const digest of all) {
    const stored = state.manifests.get(digest);
    if (stored === undefined) continue;
    const manifest = parseManifest(stored);
    for (const child of manifest.kind === "index" ? manifest.children : []) all.add(child.digest);
  }
  return [...all];
}

function blobsIn(state: RepositoryState, digest: Digest): readonly Digest[] | undefined {
  const stored = state.manifests.get(digest);
  if (stored === undefined) return undefined;
  const manifest = parseManifest(stored);
  if (manifest.kind === "index") return [];
  return [...new Set([manifest.config, ...manifest.layers].map((blob) => blob.digest))];
}

function readable(
  state: RepositoryState,
): readonly (readonly [Digest, { readonly subject: Digest | undefined }])[] {
  return [...state.manifests].map(([digest, stored]) => [
    digest,
    { subject: parseManifest(stored).subject?.digest },
  ]);
}
