import { z } from "zod";

import { hasDigest, isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { isTag } from "../oci/reference.ts";
import type { JournalEntry } from "./entry.ts";
import { JournalError } from "./journal-error.ts";

/** A journal as it was read. */
export interface ReadJournal {
  /** As `tidemark restore` takes it. */
  readonly place: string;
  /** `host/name` or `oci:/path`. */
  readonly repository: string;
  readonly project: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** In the order in which they were written. */
  readonly entries: readonly JournalEntry[];
  /** What of it cannot be read, a sentence each. */
  readonly problems: readonly string[];
}

/** Nothing that moves a terminal's cursor: a journal may come from anywhere. */
const Words = z.string().regex(/^\P{Cc}*$/u);

const TagText = z.string().refine(isTag);

const DigestText = z.custom<Digest>((text) => typeof text === "string" && isDigest(text));

const Manifest = z
  .object({ digest: DigestText, mediaType: Words.min(1), manifest: z.base64() })
  .refine(({ digest, manifest }) => hasDigest(Buffer.from(manifest, "base64"), digest));

const Entry = z
  .object({
    digest: DigestText,
    mediaType: Words.min(1),
    manifest: z.base64(),
    how: z.enum(["manifest", "tag"]),
    tags: z.array(TagText),
    children: z.array(Manifest).exactOptional(),
    referrers: z.array(Manifest).exactOptional(),
  })
  .refine(({ digest, manifest }) => hasDigest(Buffer.from(manifest, "base64"), digest));

/** Schema 1 is the same without what goes along. */
const Header = z.object({
  kind: z.literal("tidemark-journal"),
  schema: z.union([z.literal(1), z.literal(2)]),
  repository: Words.min(1),
  project: Words,
  startedAt: z.iso.datetime(),
});

/**
 * Reads the lines of a journal. A last line that was cut is left out: what it tells of had not begun to go. So is
 * everything where not even the header is whole: then the answer is `undefined`.
 *
 * Throws `JournalError` when it is no journal, or one of a later version.
 */
export function parseJournal(text: string, place: string): ReadJournal | undefined {
  const lines = text.split("\n");
  lines.pop();
  const [first, ...rest] = lines;
  if (first === undefined) return undefined;
  const { repository, project, startedAt } = parseHeader(first, place);
  const entries: JournalEntry[] = [];
  const problems: string[] = [];
  for (const [at, line] of rest.entries()) {
    const entry = Entry.safeParse(parseJson(line));
    if (entry.success) entries.push(entry.data);
    else problems.push(`line ${at + 2} of ${place} is damaged: what it tells of is left out`);
  }
  return { place, repository, project, startedAt, entries, problems };
}

function parseHeader(line: string, place: string): z.infer<typeof Header> {
  const json = parseJson(line);
  const header = Header.safeParse(json);
  if (header.success) return header.data;
  if (typeof json === "object" && json !== null && "kind" in json && "schema" in json) {
    if (json.kind === "tidemark-journal" && json.schema !== 1 && json.schema !== 2) {
      const schema = JSON.stringify(json.schema);
      throw new JournalError(
        `journal ${place} has schema ${schema}; this version reads schemas 1 and 2`,
      );
    }
  }
  throw new JournalError(`${place} is not a journal of tidemark`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
