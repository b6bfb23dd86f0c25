import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { runRestore } from "../../../src/commands/restore/restore.ts";
import type { RestoreDeps, RestoreRequest } from "../../../src/commands/restore/restore.ts";
import type { RestoreResult } from "../../../src/commands/restore/restore-result.ts";
import { journalEntryOf } from "../../../src/journal/entry.ts";
import type { JournalEntry } from "../../../src/journal/entry.ts";
import { createJournal } from "../../../src/journal/journal.ts";
import type { JournalHeader } from "../../../src/journal/journal.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { formatRepository } from "../../../src/oci/reference.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export interface RestoreWorldSpec {
  readonly fake?: Omit<FakeOptions, "state">;
  readonly faults?: readonly FaultRule[];
  /** Changes what the adapter answers. */
  readonly adapt?: (registry: Registry, state: RepositoryState) => Registry;
}

/** A repository in a registry of this process, and journals of what was deleted in it. */
export interface RestoreWorld extends AsyncDisposable {
  readonly state: RepositoryState;
  readonly repository: Repository;
  readonly registry: Registry;
  readonly server: ListeningRegistry;
  /** Where the journals lie. */
  readonly journals: string;
  /** Journals manifests as a run does, and deletes them behind the registry's back. */
  remove(items: readonly Removal[], at?: string): Promise<readonly JournalEntry[]>;
  restore(request?: Partial<RestoreRequest>, deps?: Partial<RestoreDeps>): Promise<RestoreResult>;
  /** What `status` every item ended with, by its first tag or its digest. */
  statuses(result: RestoreResult): Readonly<Record<string, string>>;
}

export interface Removal {
  readonly content: SeedContent;
  readonly tags: readonly string[];
  /** Default: `manifest`. */
  readonly how?: "manifest" | "tag";
}

export async function openRestoreWorld(spec: RestoreWorldSpec = {}): Promise<RestoreWorld> {
  const { fake: traits = {}, faults = [], adapt = (registry) => registry } = spec;
  const root = await mkdtemp(join(tmpdir(), "tidemark-restore-"));
  const journals = join(root, "journals");
  const fake = createFakeRegistry(traits);
  const server = await withFaults(fake, ...faults).listen();
  const opened = await openDefault({ host: server.host });
  const { repository } = opened;
  const state = repositoryIn(fake.state, repository.name);
  const registry = adapt(opened.registry, state);
  const header = (startedAt: string): JournalHeader => ({
    kind: "tidemark-journal",
    schema: 2,
    repository: formatRepository(repository),
    project: "shop",
    startedAt,
  });
  let clock = 0;
  const deps: RestoreDeps = {
    openRegistry: async () => ({ ...registry, [Symbol.asyncDispose]: async () => {} }),
    openJournal: async (one) => createJournal(journals, one),
    report: () => {},
    signal: new AbortController().signal,
    now: () => new Date(Date.UTC(2026, 1, 2) + (clock += 1)),
    parallel: 4,
  };
  return {
    state,
    repository,
    registry,
    server,
    journals,
    async remove(items, at = "2026-01-01T00:00:00.000Z") {
      await using journal = createJournal(journals, header(at));
      const tagged = new Set<Digest>(state.tags.values());
      const entries: JournalEntry[] = [];
      for (const { content, tags, how = "manifest" } of items) {
        const going = { digest: content.digest, how, tags: tags.map((tag) => ({ tag })) };
        const isTagged = (digest: Digest): boolean => tagged.has(digest);
        entries.push(await journalEntryOf(going, content, { registry, repository, isTagged }));
      }
      await journal.append(entries);
      for (const { content, tags, how = "manifest" } of items) {
        for (const tag of tags) state.tags.delete(tag);
        if (how === "manifest") state.manifests.delete(content.digest);
      }
      return entries;
    },
    restore: (request, more) =>
      runRestore(
        {
          source: { kind: "files", path: journals },
          tags: [],
          overwrite: false,
          dryRun: false,
          ...request,
        },
        { ...deps, ...more },
      ),
    statuses: ({ items }) =>
      Object.fromEntries(items.map(({ digest, tags, status }) => [tags[0]?.tag ?? digest, status])),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Puts content into the repository of a world. */
export function seed(
  world: RestoreWorld,
  content: SeedContent,
  tags: readonly string[] = [],
): void {
  seedContent(world.state, content, tags);
}
