import { runStart } from "../stages/journal-tag.ts";
import { JournalError } from "./journal-error.ts";

/** Where journals are read from. */
export type JournalSource =
  /** A file, or a directory of files. */
  | { readonly kind: "files"; readonly path: string }
  /** The same, but that a directory which is not there holds none. */
  | { readonly kind: "state"; readonly path: string }
  /** The repository itself; of one run alone, or of all of them. */
  | { readonly kind: "registry"; readonly run?: string };

/**
 * Reads what people write for a journal: the path of a file or a directory, `registry`, or `registry:RUN`. Throws
 * `JournalError`.
 */
export function parseJournalSource(text: string): JournalSource {
  if (text === "registry") return { kind: "registry" };
  if (!text.startsWith("registry:")) return { kind: "files", path: text };
  const run = text.slice("registry:".length);
  if (runStart(run) !== undefined) return { kind: "registry", run };
  throw new JournalError(
    `journal ${text} names no run; \`tidemark journal ls --journal registry\` lists them`,
  );
}
