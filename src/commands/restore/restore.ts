import { nameOf, restoreItems } from "../../engine/restore/items.ts";
import type { RestoreItem, SavedManifest } from "../../engine/restore/items.ts";
import type { JournaledManifest } from "../../journal/entry.ts";
import type { ReadJournal } from "../../journal/journal-lines.ts";
import type { JournalSource } from "../../journal/journal-source.ts";
import type { Journal } from "../../journal/journal.ts";
import { formatRepository, parseRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { isLeaseTag } from "../../stages/lease.ts";
import type { CommandDeps } from "../deps.ts";
import { PlanError, UsageError } from "../error.ts";
import { describePlace, readJournals } from "./read-journals.ts";
import { createRestorer } from "./restore-items.ts";
import type { RestoreResult, RestoredItem } from "./restore-result.ts";

export interface RestoreRequest {
  readonly source: JournalSource;
  /** Whose journals; absent: those of the one repository they are about. */
  readonly repository?: Repository;
  /** Tags to bring back; empty: everything. */
  readonly tags: readonly string[];
  /** Whether tags that name something else by now are moved back. */
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

/** What it takes to bring something back. */
export type RestoreDeps = Pick<
  CommandDeps,
  "openRegistry" | "openJournal" | "report" | "signal" | "now" | "parallel"
>;

/**
 * Brings back what journals hold, as far as the registry still has the blobs: children first, by digest, then the
 * manifest, then its tags. Where the registry itself keeps what was deleted, it is asked first.
 */
export async function runRestore(
  request: RestoreRequest,
  deps: RestoreDeps,
): Promise<RestoreResult> {
  const { overwrite, dryRun } = request;
  const { repository, journals } = await findJournals(request, deps);
  const items = chooseItems(journals, request.tags);
  await using registry = await deps.openRegistry(repository);
  let journal: Journal | undefined;
  const openJournal = async (): Promise<Journal> => {
    journal ??= await deps.openJournal(headerFor(journals, repository, deps), registry);
    return journal;
  };
  const options = { registry, repository, overwrite, dryRun, journal: openJournal };
  const restorer = createRestorer(
    options,
    new Set(items.flatMap(({ children }) => children)),
    deps,
  );
  const restored: RestoredItem[] = [];
  const total = items.length;

  deps.report({ type: "phase.started", phase: "restoring", total });
  try {
    for (const level of levelsOf(items)) {
      deps.signal.throwIfAborted();
      await restorer.restore(level, (item) => {
        restored.push(item);
        deps.report({ type: "phase.advanced", phase: "restoring", done: restored.length });
      });
    }
  } catch (error) {
    if (!restorer.hasChanged() || !(error instanceof Error)) throw error;
    return { ...result(), brokeOff: error.message };
  } finally {
    await journal?.[Symbol.asyncDispose]();
  }
  return result();

  function result(): RestoreResult {
    return {
      repository,
      dryRun,
      journals: journals.map(({ place }) => place),
      items: restored.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
      problems: journals.flatMap(({ problems }) => problems),
      untried: total - restored.length,
      ...(journal === undefined ? {} : { journal: journal.place }),
    };
  }
}

/** The journals of one repository, and which one that is. No other's are ever put back. */
async function findJournals(
  { source, repository }: RestoreRequest,
  deps: RestoreDeps,
): Promise<{ readonly repository: Repository; readonly journals: readonly ReadJournal[] }> {
  const journals = await readJournals(
    source,
    source.kind === "registry" ? repository : undefined,
    deps,
  );
  const where = describePlace(source);
  const names = [...new Set(journals.map((journal) => journal.repository))].sort();
  const [first] = names;
  if (first === undefined) throw new UsageError(`no journal lies in ${where}`);
  if (repository === undefined) {
    if (names.length === 1) return { repository: parseRepository(first), journals };
    throw new UsageError(
      `the journals in ${where} are about several repositories (${names.join(", ")}); name one by --repo`,
    );
  }
  const asked = formatRepository(repository);
  const own = journals.filter((journal) => journal.repository === asked);
  if (own.length > 0) return { repository, journals: own };
  throw new PlanError(
    "wrong-repository",
    `what lies in ${where} was deleted in ${names.join(", ")}, not in ${asked}`,
  );
}

function chooseItems(
  journals: readonly ReadJournal[],
  tags: readonly string[],
): readonly RestoreItem[] {
  // A lease that is over must not hold up the next cleanup; one that is asked for by its tag comes back.
  const isWanted = (tag: string): boolean => !isLeaseTag(tag) || tags.includes(tag);
  const saved = journals.flatMap(savedManifests).filter((manifest) => {
    return manifest.tags.length === 0 || manifest.tags.some(isWanted);
  });
  const known = new Set(saved.flatMap((manifest) => manifest.tags));
  const unknown = tags.filter((tag) => !known.has(tag));
  if (unknown.length > 0) {
    throw new UsageError(
      `no journal holds ${unknown.join(", ")}; \`tidemark journal show\` lists what one holds`,
    );
  }
  return restoreItems(saved, tags.length === 0 ? undefined : new Set(tags));
}

/** The last entry first: of two that name one tag, that one is right. */
function savedManifests({ entries }: ReadJournal): SavedManifest[] {
  return entries.toReversed().flatMap((entry) => {
    const along = [...(entry.children ?? []), ...(entry.referrers ?? [])];
    return [saved(entry, entry.tags), ...along.map((manifest) => saved(manifest, []))];
  });
}

function saved(
  { digest, mediaType, manifest }: JournaledManifest,
  tags: readonly string[],
): SavedManifest {
  return { digest, mediaType, bytes: Buffer.from(manifest, "base64"), tags };
}

function levelsOf(items: readonly RestoreItem[]): (readonly RestoreItem[])[] {
  return [...Map.groupBy(items, ({ level }) => level).values()];
}

function headerFor(
  journals: readonly ReadJournal[],
  repository: Repository,
  { now }: Pick<CommandDeps, "now">,
): Parameters<CommandDeps["openJournal"]>[0] {
  return {
    kind: "tidemark-journal",
    schema: 2,
    repository: formatRepository(repository),
    project: journals[0]?.project ?? "",
    startedAt: now().toISOString(),
  };
}

function sortKey({ tags, digest }: RestoredItem): string {
  return nameOf({ tags: tags.map(({ tag }) => tag), digest });
}
