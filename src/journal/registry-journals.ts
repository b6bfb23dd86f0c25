import { gunzipSync } from "node:zlib";

import { ManifestError, parseManifest } from "../oci/manifest.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository, TagReference } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import { parseJournalTag, runStart } from "../stages/journal-tag.ts";
import { fileIn } from "./archive.ts";
import { JournalError } from "./journal-error.ts";
import { newestFirst } from "./journal-files.ts";
import { parseJournal } from "./journal-lines.ts";
import type { ReadJournal } from "./journal-lines.ts";
import { JOURNAL_FILE } from "./registry-journal.ts";

/** Most bytes of one part, before and after it is unpacked: a thousand times what is usual. */
const MAX_PART_BYTES = 256 * 1024 * 1024;

type Source = Pick<Registry, "listTags" | "getManifest" | "getBlob">;

/**
 * The journals that lie in a repository, the newest first; of one run alone when it is named. A part that is gone or
 * damaged is told as a problem of its journal.
 */
export async function readRegistryJournals(
  registry: Source,
  repository: Repository,
  { run, ...options }: CallOptions & { readonly run?: string } = {},
): Promise<ReadJournal[]> {
  const { host, name } = repository;
  const runs = new Map<string, Map<number, string>>();
  for await (const { tag } of registry.listTags(repository, options)) {
    const known = parseJournalTag(tag);
    if (known === undefined || (run !== undefined && known.run !== run)) continue;
    const parts = runs.get(known.run) ?? new Map<number, string>();
    runs.set(known.run, parts.set(known.part, tag));
  }
  const journals: ReadJournal[] = [];
  for (const [found, tags] of runs) {
    const parts: ReadJournal[] = [];
    const problems: string[] = [];
    for (let part = 1; part <= Math.max(...tags.keys()); part += 1) {
      const tag = tags.get(part);
      const read = tag === undefined ? undefined : await readPart(registry, { host, name, tag });
      if (typeof read === "string") problems.push(read);
      else if (read === undefined)
        problems.push(`part ${part} of registry:${found} is gone or damaged`);
      else parts.push(read);
    }
    const [first] = parts;
    journals.push({
      repository: first?.repository ?? formatRepository(repository),
      project: first?.project ?? "",
      startedAt: new Date(runStart(found) ?? 0).toISOString(),
      place: `registry:${found}`,
      entries: parts.flatMap(({ entries }) => entries),
      problems: [...problems, ...parts.flatMap((part) => part.problems)],
    });
  }
  return newestFirst(journals);

  /** A part; why it cannot be read, in words; or nothing where it is gone or damaged. */
  async function readPart(
    source: Source,
    reference: TagReference,
  ): Promise<ReadJournal | string | undefined> {
    try {
      const manifest = parseManifest(await source.getManifest(reference, options));
      const [layer] = manifest.kind === "image" ? manifest.layers : [];
      if (layer === undefined || layer.size > MAX_PART_BYTES) return undefined;
      const packed = await bytesOf(await source.getBlob(repository, layer.digest, options));
      const archive = gunzipSync(packed, { maxOutputLength: MAX_PART_BYTES });
      const file = fileIn(archive, JOURNAL_FILE);
      if (file === undefined) return undefined;
      return parseJournal(new TextDecoder().decode(file), `registry:${reference.tag}`);
    } catch (error) {
      if (error instanceof JournalError) return error.message;
      if (isRegistryError(error, "not-found", "protocol")) return undefined;
      if (error instanceof ManifestError || isZlibError(error)) return undefined;
      throw error;
    }
  }
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(stream));
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE";
}
