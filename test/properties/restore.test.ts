import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";

import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { runRestore } from "../../src/commands/restore/restore.ts";
import type { RestoreResult } from "../../src/commands/restore/restore-result.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { journalText } from "../../src/journal/journal.ts";
import type { JournalHeader } from "../../src/journal/journal.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import type { Manifest } from "../../src/oci/manifest.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import { memoryOptions, surroundings, usualWorld } from "./property.ts";
import { REPOSITORY, cleanUp } from "./run.ts";
import { NOW, PROJECT, buildWorld } from "./world.ts";

const CASES = peersAreRequired() ? 400 : 100;

const HEADER: JournalHeader = {
  kind: "tidemark-journal",
  schema: 2,
  repository: formatRepository(REPOSITORY),
  project: PROJECT,
  startedAt: new Date(NOW).toISOString(),
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tidemark-properties-"));
});
afterAll(() => rm(root, { recursive: true }));

it(
  "a journal brings back all that a cleanup deleted, and all that went along with it",
  { timeout: 240_000 },
  async () => {
    let lost = 0;
    const cascades = fc.subarray(["children", "referrers"] as const);
    const cases = fc.asyncProperty(
      usualWorld,
      surroundings,
      cascades,
      fc.boolean(),
      async (spec, around, more, untagged) => {
        const { contents, ask } = buildWorld(spec);
        if (untagged) untagReferrers(contents);
        const before = copyOf(contents);
        const entries: JournalEntry[] = [];
        const registry = cascading(
          createMemoryRegistry(contents, memoryOptions(around)),
          contents,
          new Set(more),
        );
        await cleanUp(registry, ask, {
          parallel: around.parallel,
          journal: (some) => void entries.push(...some),
        });
        lost += before.manifests.size - contents.manifests.size;

        const result = await restore(registry, entries);

        expect(result.brokeOff).toBeUndefined();
        for (const [tag, digest] of before.tags) {
          // The run writes a record of its own under this tag.
          if (tag === "cleanup") continue;
          if (contents.tags.get(tag) !== digest) expectExcuse(digest, before, contents);
        }
        for (const digest of before.manifests.keys()) {
          const isBack = contents.manifests.has(digest);
          if (!isBack && isLedTo(digest, before)) expectExcuse(digest, before, contents);
        }
        const changed = [...contents.manifests].filter(([digest, { bytes }]) => {
          const was = before.manifests.get(digest)?.bytes ?? bytes;
          return Buffer.compare(Buffer.from(was), Buffer.from(bytes)) !== 0;
        });
        expect(changed).toEqual([]);
      },
    );
    await fc.assert(cases, { numRuns: CASES });
    expect(lost).toBeGreaterThan(CASES);
  },
);

async function restore(
  registry: Registry,
  entries: readonly JournalEntry[],
): Promise<RestoreResult> {
  const path = join(root, "journal.jsonl");
  await writeFile(path, journalText([HEADER, ...entries]));
  return runRestore(
    { source: { kind: "files", path }, tags: [], overwrite: false, dryRun: false },
    {
      openRegistry: async () => registry,
      openJournal: () => Promise.reject(new Error("no tag is moved")),
      report: () => {},
      signal: new AbortController().signal,
      now: () => new Date(NOW),
      parallel: 2,
    },
  );
}

/** The registry, but that a deletion takes along what no tag names. */
function cascading(
  registry: Registry,
  state: RepositoryState,
  more: ReadonlySet<"children" | "referrers">,
): Registry {
  return {
    ...registry,
    get capabilities() {
      return { ...registry.capabilities, deletionCascade: ["tags" as const, ...more] };
    },
    hasBlob: async (_, digest) => state.blobs.has(digest),
    async *listReferrers({ digest }) {
      for (const [referrer, { mediaType, bytes }] of state.manifests) {
        if (parsed(state, referrer)?.subject?.digest === digest) {
          yield { digest: referrer, mediaType, size: bytes.length };
        }
      }
    },
    async *deleteManifests(repository, digests, options) {
      const along = new Map(digests.map((digest) => [digest, belonging(digest)]));
      for await (const outcome of registry.deleteManifests(repository, digests, options)) {
        if (outcome.status === "deleted") drop(along.get(outcome.digest) ?? []);
        yield outcome;
      }
    },
  };

  function belonging(digest: Digest): readonly Digest[] {
    const manifest = parsed(state, digest);
    const children = manifest?.kind === "index" ? manifest.children : [];
    const referrers = [...state.manifests.keys()].filter(
      (other) => parsed(state, other)?.subject?.digest === digest,
    );
    return [
      ...(more.has("children") ? children.map((child) => child.digest) : []),
      ...(more.has("referrers") ? referrers : []),
    ];
  }

  function drop(digests: readonly Digest[]): void {
    for (const digest of digests) {
      const isNamed = [...state.tags.values()].includes(digest);
      if (isNamed || isChild(digest, state)) continue;
      const next = belonging(digest);
      if (state.manifests.delete(digest)) drop(next);
    }
  }
}

/** A manifest may stay away that could not have been pulled: without a blob, or without anything below it. */
function expectExcuse(digest: Digest, before: RepositoryState, after: RepositoryState): void {
  const manifest = parsed(before, digest);
  if (manifest === undefined) return;
  const needs =
    manifest.kind === "index"
      ? manifest.children.map((child) => after.manifests.has(child.digest))
      : [manifest.config, ...manifest.layers].map((blob) => before.blobs.has(blob.digest));
  const isExcused =
    manifest.kind === "index" ? needs.length > 0 && !needs.includes(true) : needs.includes(false);
  expect({ digest, isExcused }).toEqual({ digest, isExcused: true });
}

/** Whether a tag led to a manifest, or to what it is about. */
function isLedTo(digest: Digest, state: RepositoryState): boolean {
  const subject = parsed(state, digest)?.subject?.digest;
  const tagged = new Set(state.tags.values());
  if (tagged.has(digest) || isChild(digest, state)) return true;
  return subject !== undefined && (tagged.has(subject) || isChild(subject, state));
}

/** Leaves to the referrers API what tags told before. */
function untagReferrers({ tags }: RepositoryState): void {
  for (const tag of tags.keys()) if (tag.startsWith("sha256-")) tags.delete(tag);
}

function isChild(digest: Digest, state: RepositoryState): boolean {
  return [...state.manifests.keys()].some((other) => {
    const manifest = parsed(state, other);
    return manifest?.kind === "index" && manifest.children.some((child) => child.digest === digest);
  });
}

function parsed(state: RepositoryState, digest: Digest): Manifest | undefined {
  const stored = state.manifests.get(digest);
  return stored === undefined ? undefined : parseManifest(stored);
}

function copyOf({ manifests, tags, blobs }: RepositoryState): RepositoryState {
  return {
    manifests: new Map(manifests),
    tags: new Map(tags),
    blobs: new Map(blobs),
    uploads: new Map(),
  };
}
