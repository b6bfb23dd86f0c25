import { redactText } from "../http/redact.ts";
import { ManifestError, parseImageConfig, parseManifest } from "../oci/manifest.ts";
import { formatRepository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import { putRecord } from "../registry/put-record.ts";
import { recordImage } from "../stages/record.ts";
import { recordTime } from "./lock-repository.ts";
import type { LockRepository } from "./lock-repository.ts";

/** The tag of the record that says where a repository's publishers keep their locks. Source: werf 2. */
const TAG = "sync-server";

const LABEL = {
  address: "syncserver",
  time: "syncservertimestamp",
  /** Of the object that holds the locks, where one address may lead to several. */
  object: "tidemark.sync-server.object",
} as const;

/** More than the configuration of any record has. Bytes. */
const MAX_CONFIG = 1024 * 1024;

/** Where locks are kept, as it is told to everybody. */
export interface RecordedServer {
  readonly address: string;
  /** What tells two places of one address apart. */
  readonly object?: string;
}

export interface RecordDeps {
  readonly warn: (message: string) => void;
  readonly now: () => Date;
}

/** Says so where the record of the repository names another place than this run's: locks of two places exclude nobody. */
export async function warnOfOtherServer(
  place: LockRepository,
  here: RecordedServer,
  { warn }: Pick<RecordDeps, "warn">,
  signal: AbortSignal,
): Promise<void> {
  const there = await readRecord(place, signal);
  if (there === undefined || isSame(there, here)) return;
  const what =
    plain(there.address) === plain(here.address) ? `another ${here.address}` : plain(there.address);
  warn(
    `${formatRepository(place.repository)}: its record ${TAG} says that publishers keep their locks at ${what}, and this run keeps them at ${here.address}: they do not wait for each other; give all the same --synchronization, or delete the tag ${TAG} if it is out of date`,
  );
}

/**
 * The same, and writes the record where there is none.
 *
 * @param tags Those of the repository.
 */
export async function recordServer(
  place: LockRepository,
  tags: readonly string[],
  here: RecordedServer,
  { warn, now }: RecordDeps,
  signal: AbortSignal,
): Promise<void> {
  if (tags.includes(TAG)) return warnOfOtherServer(place, here, { warn }, signal);
  const { project, repository, registry } = place;
  const labels = {
    [LABEL.address]: here.address,
    [LABEL.time]: String(recordTime(now())),
    ...(here.object === undefined ? {} : { [LABEL.object]: here.object }),
  };
  const record = recordImage(project, labels, now().toISOString());
  try {
    await putRecord(await registry(), { ...repository, tag: TAG }, record, { signal });
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    warn(`where locks are kept could not be written down for others: ${error.message}`);
  }
}

/** What the record says; `undefined` when it is gone, or is none that says an address. */
async function readRecord(
  { registry, repository }: LockRepository,
  signal: AbortSignal,
): Promise<RecordedServer | undefined> {
  const opened = await registry();
  try {
    const manifest = parseManifest(
      await opened.getManifest({ ...repository, tag: TAG }, { signal }),
    );
    if (manifest.kind !== "image" || manifest.config.size > MAX_CONFIG) return undefined;
    const blob = await opened.getBlob(repository, manifest.config.digest, { signal });
    const { labels } = parseImageConfig(new Uint8Array(await new Response(blob).arrayBuffer()));
    const { [LABEL.address]: address, [LABEL.object]: object } = labels;
    if (address === undefined) return undefined;
    return { address, ...(object === undefined ? {} : { object }) };
  } catch (error) {
    if (isRegistryError(error, "not-found") || error instanceof ManifestError) return undefined;
    throw error;
  }
}

function isSame(there: RecordedServer, here: RecordedServer): boolean {
  if (plain(there.address) !== plain(here.address)) return false;
  return there.object === undefined || here.object === undefined || there.object === here.object;
}

/** An address without credentials, which others may have written into it, and without a slash at its end. */
function plain(address: string): string {
  return redactText(address).replace(/\/+$/, "");
}
