import fc from "fast-check";
import { expect, it } from "vitest";

import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { audit } from "../../../src/commands/audit/audit.ts";
import type { Audit, RuleId } from "../../../src/engine/audit/audit.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { ManifestError, parseManifest } from "../../../src/oci/manifest.ts";
import { isForeignLayer, isManifestType } from "../../../src/oci/media-type.ts";
import { cleanupPolicy } from "../../properties/ask.ts";
import { openWatched } from "../../properties/everywhere.ts";
import { REPOSITORY, cleanUp, depsOf } from "../../properties/run.ts";
import { wideSpec } from "../../properties/wide-spec.ts";
import { buildWideWorld } from "../../properties/wide-world.ts";

const CASES = 40;

it("whatever the repository: every tag is told as a dry run decides, weighs what it weighs, and what is missing is found", async () => {
  await fc.assert(
    fc.asyncProperty(wideSpec("usual"), async (spec) => {
      const world = buildWideWorld(spec);
      const { contents, ask } = world;
      const registry = openWatched(world, contents, {}, { isWatched: false });
      const { repository: _, ...policy } = cleanupPolicy(ask, REPOSITORY);
      const targets = [{ kind: "repository", namespace: REPOSITORY, role: "repo" } as const];

      const told = await audit({ targets, policy, compare: false }, depsOf(registry, ask, {}));

      expect(registry.mutations).toEqual([]);
      const { plan } = await cleanUp(registry, ask, { dryRun: true });
      const kept = plan.kept.map(({ tag }) => tag);
      const [{ tags, totals } = { tags: [], totals: undefined }] = told.repositories;
      expect(tags.map(({ tag }) => tag)).toEqual([...contents.tags.keys()].toSorted());
      expect(tags.filter(({ verdict }) => verdict === "kept").map(({ tag }) => tag)).toEqual(kept);
      const roots = [...contents.tags.values()];
      expect(totals?.bytes).toBe(weigh(contents, roots));
      const loose = [...(told.repositories[0]?.untagged?.map(({ digest }) => digest) ?? [])].filter(
        (digest) => !reach(contents, roots).has(digest),
      );
      const all = weigh(contents, [...roots, ...loose]);
      for (const { tag, digest, ownBytes, sharedBytes } of tags) {
        if (digest === undefined) continue;
        const others = [...contents.tags].filter(([other]) => other !== tag).map(([, at]) => at);
        const own = all - weigh(contents, [...others, ...loose]);
        expect([tag, ownBytes]).toEqual([tag, own]);
        expect([tag, sharedBytes]).toEqual([tag, weigh(contents, [digest]) - own]);
      }
      expect(subjectsOf(told, "dangling-tag")).toEqual(
        [...contents.tags]
          .flatMap(([tag, at]) => (contents.manifests.has(at) ? [] : [tag]))
          .toSorted(),
      );
      const broken = [...reach(contents, [...roots, ...loose]).keys()].filter((digest) =>
        childrenOf(contents, digest).some((child) => !contents.manifests.has(child)),
      );
      expect(subjectsOf(told, "index-without-child")).toHaveLength(broken.length);
    }),
    { numRuns: CASES, seed: 20_261_121 },
  );
}, 60_000);

function subjectsOf({ findings }: Audit, rule: RuleId): (string | undefined)[] {
  return findings.filter((finding) => finding.rule === rule).map(({ subject }) => subject);
}

/** Bytes of all that is stored because of some manifests, each once. */
function weigh(contents: RepositoryState, roots: readonly Digest[]): number {
  return [...reach(contents, roots).values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Manifests and blobs that some manifests lead to, with their bytes. */
function reach(contents: RepositoryState, roots: readonly Digest[]): Map<Digest, number> {
  const found = new Map<Digest, number>();
  const open = new Set(roots);
  for (const digest of open) {
    const stored = contents.manifests.get(digest);
    if (stored === undefined) continue;
    found.set(digest, stored.bytes.length);
    const manifest = read(contents, digest);
    if (manifest?.kind === "image") {
      const layers = manifest.layers.filter(({ mediaType }) => !isForeignLayer(mediaType));
      for (const blob of [manifest.config, ...layers]) found.set(blob.digest, blob.size);
    }
    for (const child of childrenOf(contents, digest)) open.add(child);
  }
  return found;
}

function childrenOf(contents: RepositoryState, digest: Digest): Digest[] {
  const manifest = read(contents, digest);
  if (manifest?.kind !== "index") return [];
  return manifest.children
    .filter(({ mediaType }) => mediaType === "" || isManifestType(mediaType))
    .map((child) => child.digest);
}

function read(
  contents: RepositoryState,
  digest: Digest,
): ReturnType<typeof parseManifest> | undefined {
  const stored = contents.manifests.get(digest);
  if (stored === undefined) return undefined;
  try {
    return parseManifest(stored);
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}
