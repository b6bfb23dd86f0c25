import { open, rename, rm } from "node:fs/promises";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Catalog, Change } from "../../src/layout/catalog.ts";
import { LAYOUT_FILE } from "../../src/layout/layout-file.ts";
import { inspect, makeDirectories, noLayout, pathsOf } from "./directory.ts";
import type { Paths } from "./directory.ts";
import {
  NO_FILE,
  fillTemporary,
  stampFrom,
  stampOf,
  syncDirectory,
  temporaryPaths,
  writeDurably,
} from "../../src/layout/durable.ts";
import type { TemporaryPath } from "../../src/layout/durable.ts";
import { translating } from "./errors.ts";
import { EMPTY_INDEX, formatIndexFile } from "../../src/layout/index-file.ts";
import { LOCK_WAIT_MS, withLock } from "../../src/layout/lock.ts";
import { formatLogHeader, formatLogLine } from "../../src/layout/log.ts";
import type { Owner } from "../../src/layout/owner.ts";
import { readSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** The tags and manifests of one layout, on disk and in memory. */
export interface Store extends AsyncDisposable {
  readonly paths: Paths;
  readonly temporaryPath: TemporaryPath;
  /** What is so now, or `undefined` when there is no layout. Not to be kept over an `await` of anything else. */
  readonly read: () => Promise<Catalog | undefined>;
  /** As `read`; throws `not-found` when there is no layout. */
  readonly readExisting: () => Promise<Catalog>;
  /** Makes the directories of a layout, for files that are put into place later. */
  readonly prepare: () => Promise<void>;
  /**
   * Runs `action` while nobody else changes the layout.
   *
   * `absent: "create"` makes the layout; `"refuse"` throws `not-found` when there is none. `fold: true` brings
   * index.json up to date first, so that other tools never see in it what the action removes.
   */
  change<T>(options: ChangeOptions, action: (change: OpenChange) => Promise<T>): Promise<T>;
}

export interface ChangeOptions extends CallOptions {
  readonly absent: "create" | "refuse";
  readonly fold?: boolean;
}

export interface OpenChange {
  readonly catalog: Catalog;
  /** Makes the changes durable, all or none, and applies them to the catalog. */
  readonly commit: (changes: readonly Change[]) => Promise<void>;
  /** Whether index.json is still the file the catalog was read from. */
  readonly isCurrent: () => Promise<boolean>;
}

/** Below this a log is not worth rewriting index.json for. Bytes. */
const MIN_FOLD_BYTES = 1024 * 1024;

export interface StoreOptions {
  readonly repository: Repository;
  readonly owner: Owner;
  /** Milliseconds. */
  readonly lockWaitMs?: number;
}

/** The store of one directory. Disposing it leaves everything in index.json, for other tools to read. */
export function createStore({ repository, owner, lockWaitMs = LOCK_WAIT_MS }: StoreOptions): Store {
  const paths = pathsOf(repository);
  const address = formatRepository(repository);
  const temporaryPath = temporaryPaths(paths.temporary, owner);
  const lock = { who: "layout", path: paths.lock, owner, temporaryPath, waitMs: lockWaitMs };
  let known: Snapshot | undefined;
  let changed = false;
  let queue: Promise<unknown> = Promise.resolve();

  return {
    paths,
    temporaryPath,
    read: () => translating(`read ${address}`, read),
    readExisting: () =>
      translating(`read ${address}`, async () => {
        const catalog = await read();
        if (catalog === undefined) throw noLayout(paths);
        return catalog;
      }),
    prepare: () => translating(`write to ${address}`, prepare),
    change,
    async [Symbol.asyncDispose]() {
      if (!changed) return;
      await translating(`write index.json of ${address}`, () => locked({}, foldCurrent));
    },
  };

  async function read(): Promise<Catalog | undefined> {
    // The log first, for the reason `readSnapshot` has.
    const logStamp = await stampOf(paths.log);
    const indexStamp = await stampOf(paths.index);
    if (known?.logStamp === logStamp && known.indexStamp === indexStamp) return known.catalog;
    if ((await inspect(paths)) === "absent") return undefined;
    known = await readSnapshot(paths);
    return known.catalog;
  }

  async function prepare(): Promise<void> {
    await inspect(paths);
    await makeDirectories(paths);
  }

  async function change<T>(
    options: ChangeOptions,
    action: (change: OpenChange) => Promise<T>,
  ): Promise<T> {
    return await translating(`write to ${address}`, async () => {
      const state = await inspect(paths);
      if (state === "absent" && options.absent === "refuse") throw noLayout(paths);
      await makeDirectories(paths);
      return await locked(options, async () => {
        if ((await inspect(paths)) === "absent") await create();
        if (options.fold === true) await foldCurrent();
        const { catalog } = await current();
        changed = true;
        return await action({ catalog, commit, isCurrent });
      });
    });
  }

  /** Callers of one store take turns without asking the file system. */
  async function locked<T>(options: CallOptions, action: () => Promise<T>): Promise<T> {
    const turn = queue.then(async () => await withLock(lock, options, action));
    queue = turn.catch(() => undefined);
    return await turn;
  }

  async function create(): Promise<void> {
    if ((await stampOf(paths.index)) === NO_FILE) {
      await replace(paths.index, formatIndexFile(EMPTY_INDEX));
    }
    await replace(paths.layoutFile, LAYOUT_FILE);
  }

  async function current(): Promise<Snapshot> {
    await read();
    if (known === undefined) throw noLayout(paths);
    return known;
  }

  async function isCurrent(): Promise<boolean> {
    return (await stampOf(paths.index)) === known?.indexStamp;
  }

  async function commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    if ((await current()).log?.torn === true) await foldCurrent();
    const snapshot = await current();
    known = undefined;
    const { log } = snapshot;
    const line = formatLogLine(changes);
    const number = log?.number ?? snapshot.index.folded + 1;
    const text = log === undefined ? formatLogHeader(number) + line : line;
    const logStamp =
      log === undefined ? await replace(paths.log, text) : await append(paths.log, text);
    for (const one of changes) snapshot.catalog.apply(one);
    const length = (log?.length ?? 0) + Buffer.byteLength(text);
    known = { ...snapshot, log: { number, length, torn: false }, logStamp };
    if (length > Math.max(MIN_FOLD_BYTES, snapshot.indexBytes)) await foldCurrent();
  }

  /** Writes the log's changes into index.json and removes the log. Only under the lock. */
  async function foldCurrent(): Promise<void> {
    let snapshot = await current();
    const temporary = temporaryPath();
    while (snapshot.log !== undefined) {
      const folded = snapshot.log.number;
      const text = textOf(snapshot, folded);
      let indexStamp = NO_FILE;
      await fillTemporary(temporary, async (file) => {
        await file.writeFile(text);
        await file.sync();
        indexStamp = stampFrom(await file.stat({ bigint: true }));
      });
      if (await isCurrent()) {
        await rename(temporary, paths.index);
        await syncDirectory(paths.root);
        const { log: _, ...rest } = snapshot;
        const index = { ...snapshot.index, folded };
        snapshot = { ...rest, index, indexStamp, indexBytes: Buffer.byteLength(text) };
      } else {
        await rm(temporary, { force: true });
        snapshot = await current();
      }
    }
    if (snapshot.logStamp !== NO_FILE) await rm(paths.log, { force: true });
    known = { ...snapshot, logStamp: NO_FILE };
  }

  async function replace(path: string, bytes: string): Promise<string> {
    return await writeDurably({ path, temporary: temporaryPath(), bytes });
  }
}

function textOf({ catalog, index }: Snapshot, folded: number): string {
  const entries = [...catalog.tagged(), ...catalog.untagged()];
  return formatIndexFile({ ...index, entries, folded });
}

async function append(path: string, text: string): Promise<string> {
  const file = await open(path, "a");
  try {
    await file.appendFile(text);
    await file.sync();
    return stampFrom(await file.stat({ bigint: true }));
  } finally {
    await file.close();
  }
}
