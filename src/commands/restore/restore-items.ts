import type { RestoreItem } from "../../engine/restore/items.ts";
import type { Journal } from "../../journal/journal.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { journalEntryOf } from "../../journal/entry.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatReference } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import type { DeletedManifest, Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { createLookup } from "./restore-lookup.ts";
import type { Found } from "./restore-lookup.ts";
import type { RestoredItem } from "./restore-result.ts";
import { failureOf, isElsewhere, resultOf, unknownState } from "./restore-state.ts";
import type { Looked, State } from "./restore-state.ts";

export interface RestoreOptions {
  readonly registry: Registry;
  readonly repository: Repository;
  /** Whether tags that name something else by now are moved back. */
  readonly overwrite: boolean;
  readonly dryRun: boolean;
  /** Where moved tags are written down before they are moved. */
  readonly journal: () => Promise<Journal>;
}

/** Puts items back, all of one level at a time. */
export interface Restorer {
  /** Calls `done` for every item as soon as it is settled. */
  restore(level: readonly RestoreItem[], done: (item: RestoredItem) => void): Promise<void>;
  /** Whether anything was changed. */
  hasChanged(): boolean;
}

/**
 * @param needed Digests that something else which comes back points at.
 */
export function createRestorer(
  { registry, repository, overwrite, dryRun, journal }: RestoreOptions,
  needed: ReadonlySet<Digest>,
  { parallel, signal }: Pick<CommandDeps, "parallel" | "signal">,
): Restorer {
  const { host, name } = repository;
  const lookup = createLookup({ registry, repository, parallel, signal });
  /** Why the registry itself did not bring something back. */
  const refusals = new Map<Digest, string>();
  let changed = false;

  return {
    async restore(level, done) {
      const looked = await mapParallel(level, parallel, look);
      const open = dryRun ? looked : await undelete(looked);
      const assessed = await mapParallel(open, parallel, assess);
      if (!dryRun) await noteMoves(assessed);
      await mapParallel(assessed, parallel, async (state) => {
        signal.throwIfAborted();
        const result = state.status === undefined ? await putBack(state) : settled(state);
        const isThere = result.status === "restored" || result.status === "there";
        const isBack = result.status === "partly" && result.message === undefined;
        lookup.settle(state.item.digest, isThere || isBack || state.found.present);
        done(result);
      });
    },
    hasChanged: () => changed,
  };

  async function look(item: RestoreItem): Promise<Looked> {
    try {
      return { item, found: await lookup.find(item) };
    } catch (error) {
      return unknownState(item, error);
    }
  }

  /** Asks the registry to bring back what it keeps for a time, and looks whether it did. */
  async function undelete(looked: readonly Looked[]): Promise<readonly Looked[]> {
    const absent = looked.filter(({ item, found, error }) => {
      return error === undefined && !found.present && !isLeft(item, found);
    });
    if (registry.capabilities.undelete === "none" || absent.length === 0) return looked;
    const asked = absent.map(({ item: { digest, tags }, found }) => ({
      digest,
      tags: tags.filter((tag) => !found.tags.has(tag)),
    }));
    const isAsked = new Set(absent.map(({ item }) => item.digest));
    await ask(asked);
    return await mapParallel(looked, parallel, async (state) => {
      if (!isAsked.has(state.item.digest)) return state;
      const now = await look(state.item);
      changed ||= now.found.present;
      return { ...now, before: state.found };
    });
  }

  /** What the registry cannot bring back is put back from its bytes, as anywhere else. */
  async function ask(deleted: readonly DeletedManifest[]): Promise<void> {
    try {
      for await (const outcome of registry.undelete(repository, deleted, { signal })) {
        if (outcome.status === "failed") refusals.set(outcome.digest, outcome.error.message);
      }
    } catch (error) {
      if (!isRegistryError(error)) throw error;
      for (const { digest } of deleted) refusals.set(digest, error.message);
    }
  }

  /** What has to be put, or why nothing can be. */
  async function assess(looked: Looked): Promise<State> {
    if (looked.error !== undefined) return unknownState(looked.item, looked.error);
    try {
      return await assessFound(looked);
    } catch (error) {
      return unknownState(looked.item, error);
    }
  }

  async function assessFound({ item, found, before }: Looked): Promise<State> {
    const moved = item.tags.filter((tag) => isElsewhere(item, found, tag));
    const free = item.tags.filter((tag) => !found.tags.has(tag));
    const put = overwrite ? [...free, ...moved] : free;
    const missing = await lookup.missing(item);
    const state = { item, found, before, put, missing };
    const gone = missing.some(({ kind }) => kind === "blob");
    if (gone || (item.children.length > 0 && missing.length === item.children.length)) {
      return { ...state, put: [], status: "gone" };
    }
    if (!found.present && isLeft(item, found)) return { ...state, status: "left" };
    return state;
  }

  /** Whether nothing would name it, were it back. */
  function isLeft(item: RestoreItem, found: Found): boolean {
    if (overwrite || needed.has(item.digest) || item.tags.length === 0) return false;
    return item.tags.every((tag) => isElsewhere(item, found, tag));
  }

  /** Writes down what tags named before they are moved. */
  async function noteMoves(states: readonly State[]): Promise<void> {
    const moves = states.flatMap(({ item, found, put }) =>
      put.filter((tag) => found.tags.has(tag)).map((tag) => ({ tag, item })),
    );
    if (moves.length === 0) return;
    const entries = await mapParallel(moves, parallel, async ({ tag }): Promise<JournalEntry> => {
      const body = await registry.getManifest({ host, name, tag }, { signal });
      const going = { digest: body.digest, how: "tag", tags: [{ tag }] } as const;
      return journalEntryOf(going, body, { registry, repository, isTagged: () => true, signal });
    });
    await (await journal()).append(entries);
  }

  function settled(state: State): RestoredItem {
    const message = state.status === "gone" ? refusalOf(state.item) : undefined;
    return { ...resultOf(state), ...(message === undefined ? {} : { message }) };
  }

  function refusalOf({ digest }: RestoreItem): string | undefined {
    if (!dryRun || registry.capabilities.undelete === "none") return refusals.get(digest);
    return "the registry may still have it: it is asked when this is no dry run";
  }

  async function putBack(state: State): Promise<RestoredItem> {
    if (dryRun) return resultOf(state);
    try {
      await putAll(state);
      return resultOf(state);
    } catch (error) {
      signal.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      if (!changed && lacksRight(error)) throw error;
      return failureOf(state, await lookup.find(state.item), error);
    }
  }

  /** What somebody pushed since the tag was looked at is not written down, and not ours to replace. */
  async function refuseMoved(tag: string, { digest }: RestoreItem, { tags }: Found): Promise<void> {
    const now = await registry.resolve({ host, name, tag }, { signal });
    if (now === undefined || now.digest === digest || now.digest === tags.get(tag)) return;
    throw new RegistryError(
      "conflict",
      `${host}: ${formatReference({ host, name, tag })} was pushed meanwhile, and is at ${now.digest}`,
    );
  }

  /** The manifest under the first of its tags, or its digest; then the other tags. Each is looked at afterwards. */
  async function putAll({ item, found, put }: State): Promise<void> {
    const { digest, mediaType, bytes } = item;
    const keys = put.map((tag) => ({ tag }));
    for (const key of keys.length === 0 && !found.present ? [{ digest }] : keys) {
      const reference = { host, name, ...key };
      if ("tag" in key) await refuseMoved(key.tag, item, found);
      await registry.putManifest(reference, { mediaType, bytes }, { signal });
      changed = true;
      const stored = await registry.resolve(reference, { signal });
      if (stored?.digest === digest) continue;
      const now = stored === undefined ? "is not there" : `is at ${stored.digest}`;
      throw new RegistryError(
        "protocol",
        `${host}: ${formatReference(reference)} was put back as ${digest}, and ${now}`,
      );
    }
  }
}

/** Whether the registry refuses to store anything at all. */
function lacksRight({ code }: RegistryError): boolean {
  return code === "unauthorized" || code === "denied" || code === "unsupported";
}
