import { setTimeout as sleep } from "node:timers/promises";
import { isRegistryError } from "../../src/registry/error.ts";
import { createCatalog } from "../../src/layout/catalog.ts";
import type { Catalog } from "../../src/layout/catalog.ts";
import type { Paths } from "./directory.ts";
import { NO_FILE, readStamped } from "../../src/layout/durable.ts";
import { damaged } from "./errors.ts";
import { parseIndexFile } from "../../src/layout/index-file.ts";
import type { IndexFile } from "../../src/layout/index-file.ts";
import { parseLog } from "../../src/layout/log.ts";

/** What index.json and the log say together at one moment. */
export interface Snapshot {
  readonly catalog: Catalog;
  readonly index: Omit<IndexFile, "entries">;
  readonly indexBytes: number;
  /** The log the catalog includes; absent when there is none that counts. */
  readonly log?: LiveLog;
  readonly indexStamp: string;
  readonly logStamp: string;
}

export interface LiveLog {
  readonly number: number;
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
  /** Whether bytes follow that a killed process left. */
  readonly torn: boolean;
}

const INDEX_HINT =
  "nothing was changed; restore index.json from a backup or write it anew with the tool that made it";
const LOG_HINT =
  "nothing was changed; restore the file from a backup, or remove it and lose the changes in it";

/** Another tool may rewrite index.json in place, and a reader see half of it. */
const ATTEMPTS = 10;
const RETRY_MS = 20;

/**
 * Reads index.json and the log, without a lock.
 *
 * The log is read first: when it is folded in between, index.json says so and the log is left out.
 * Throws `protocol` when either is damaged and stays so.
 */
export async function readSnapshot(paths: Paths): Promise<Snapshot> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryRead(paths);
    } catch (error) {
      if (attempt === ATTEMPTS || !isRegistryError(error, "protocol")) throw error;
      await sleep(RETRY_MS);
    }
  }
}

async function tryRead(paths: Paths): Promise<Snapshot> {
  const logFile = await readStamped(paths.log);
  const indexFile = await readStamped(paths.index);
  if (indexFile === undefined) throw damaged(paths.index, "it is missing", INDEX_HINT);
  const parsed = parseIndexFile(indexFile.bytes.toString("utf8"));
  if (typeof parsed === "string") throw damaged(paths.index, parsed, INDEX_HINT);
  const log = logFile === undefined ? undefined : parseLog(logFile.bytes);
  if (typeof log === "string") throw damaged(paths.log, log, LOG_HINT);

  const { entries, ...index } = parsed;
  const snapshot = {
    catalog: createCatalog(entries),
    index,
    indexBytes: indexFile.bytes.length,
    indexStamp: indexFile.stamp,
    logStamp: logFile?.stamp ?? NO_FILE,
  };
  if (logFile === undefined || log === undefined || log.number <= index.folded) return snapshot;
  for (const change of log.changes) snapshot.catalog.apply(change);
  const torn = log.length < logFile.bytes.length;
  return { ...snapshot, log: { number: log.number, length: log.length, torn } };
}
