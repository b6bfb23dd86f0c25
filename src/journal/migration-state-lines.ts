import { z } from "zod";

import { isDigest } from "../oci/digest.ts";
import { JournalError } from "./journal-error.ts";
import type { MigrationStateHeader } from "./migration-state.ts";

const Header = z.object({
  kind: z.literal("tidemark-migration"),
  schema: z.number(),
  from: z.string(),
  to: z.string(),
});

const Line = z.tuple([z.string(), z.enum(["blob", "manifest"]), z.string().refine(isDigest)]);

/**
 * Reads what has arrived, a line each as `openMigrationState` writes it. A line that was cut or damaged is left out: what
 * it told of is looked for again. `undefined`: not even the header is whole, so nothing was sent.
 *
 * Throws `JournalError` when it is no such file, of a later version, or of another migration: what it says would be wrong.
 */
export function parseMigrationState(
  text: string,
  expected: MigrationStateHeader,
  path: string,
): readonly string[] | undefined {
  const [first = "", ...rest] = text.split("\n");
  const header = Header.safeParse(parseJson(first)).data;
  if (header === undefined && JSON.stringify(expected).startsWith(text)) return undefined;
  if (header === undefined) throw refused(path, "is not the state of a migration");
  if (header.schema !== expected.schema) {
    throw refused(
      path,
      `has schema ${header.schema}; this version reads schema ${expected.schema}`,
    );
  }
  if (header.from !== expected.from || header.to !== expected.to) {
    throw refused(path, `is the state of a migration from ${header.from} to ${header.to}`);
  }
  return rest.filter((line) => Line.safeParse(parseJson(line)).success);
}

function refused(path: string, why: string): JournalError {
  return new JournalError(`${path} ${why}; name another file by --state, or remove it`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
