import { formatReference } from "../oci/reference.ts";
import type { Repository, TagReference } from "../oci/reference.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import { putRecord } from "../registry/put-record.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import { journalRun, journalTag } from "../stages/journal-tag.ts";
import { recordImage } from "../stages/record.ts";
import { archiveOf } from "./archive.ts";
import type { JournalEntry } from "./entry.ts";
import type { Journal, JournalHeader } from "./journal.ts";
import { journalText } from "./journal.ts";

/** The file in the layer of a journal's image. */
export const JOURNAL_FILE = "journal.jsonl";

/** A push takes about six requests, and an image manifest about a kilobyte. */
const BATCH = 100;

export interface RegistryJournalOptions extends CallOptions {
  readonly registry: Pick<Registry, "putBlob" | "putManifest" | "resolve">;
  readonly repository: Repository;
  readonly header: JournalHeader;
  /** 8 hex digits. */
  readonly random: string;
}

/**
 * Starts a journal in the repository itself: every append is an image of its own whose layer holds the lines, header
 * first. No tag is ever moved, so it works where tags cannot change. A run that deletes nothing leaves none.
 *
 * `append` rejects with `RegistryError`.
 */
export function createRegistryJournal(options: RegistryJournalOptions): Journal {
  const { registry, repository, header, random, ...call } = options;
  const run = journalRun(new Date(header.startedAt), random);
  let part = 0;
  return {
    place: `registry:${run}`,
    batch: BATCH,
    check: () => Promise.resolve(),
    async append(entries) {
      part += 1;
      const reference = {
        host: repository.host,
        name: repository.name,
        tag: journalTag(run, part),
      };
      try {
        await push(reference, entries);
      } catch (error) {
        if (!isRegistryError(error)) throw error;
        throw cannotWrite(error);
      }
    },
    async [Symbol.asyncDispose]() {},
  };

  async function push(reference: TagReference, entries: readonly JournalEntry[]): Promise<void> {
    const lines = new TextEncoder().encode(journalText([header, ...entries]));
    const labels = {
      "tidemark.journal.repository": header.repository,
      "tidemark.journal.run": run,
      "tidemark.journal.part": String(part),
    };
    const tar = archiveOf(JOURNAL_FILE, lines);
    const record = recordImage(header.project, labels, header.startedAt, tar);
    const { digest } = await putRecord(registry, reference, record, call);
    const stored = await registry.resolve(reference, call);
    if (stored?.digest === digest) return;
    throw new RegistryError(
      "protocol",
      `${reference.host}: ${formatReference(reference)} was stored, and is not there`,
    );
  }
}

function cannotWrite(error: RegistryError): RegistryError {
  const { code, status, registryCode, message } = error;
  return new RegistryError(
    code,
    `the journal cannot be written, and nothing is deleted that is not in it: ${message}`,
    {
      ...(status === undefined ? {} : { status }),
      ...(registryCode === undefined ? {} : { registryCode }),
      hint: "Name a directory by --journal instead.",
      cause: error,
    },
  );
}
