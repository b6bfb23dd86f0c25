import { OCI_INDEX } from "../oci/media-type.ts";
import { formatEntry, isObject, parseEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";

/** What index.json holds. Source: OCI image-spec, image-layout.md. */
export interface IndexFile {
  readonly entries: readonly Entry[];
  /** The number of the last log whose changes are in here already; 0 when there was none. */
  readonly folded: number;
  /** Every other field as it was found. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Annotation of index.json: the log it contains, so that a log is never carried out a second time. */
const FOLDED = "io.tidemark.folded";

export const EMPTY_INDEX: IndexFile = { entries: [], folded: 0, rest: { mediaType: OCI_INDEX } };

/** Reads index.json. Answers what is wrong with it instead when anything in it cannot be trusted. */
export function parseIndexFile(text: string): IndexFile | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `it is not JSON (${error instanceof Error ? error.message : String(error)})`;
  }
  if (!isObject(json)) return "it is not a JSON object";
  const { schemaVersion, manifests, annotations, ...others } = json;
  if (schemaVersion !== 2) return "its schemaVersion is not 2";
  // Go writes an empty list as null.
  const list = manifests === null ? [] : manifests;
  if (!Array.isArray(list)) return "it has no list of manifests";
  if (annotations !== undefined && annotations !== null && !isObject(annotations)) {
    return "its annotations are no object";
  }
  const entries: Entry[] = [];
  for (const value of list) {
    const entry = parseEntry(value);
    if (typeof entry === "string") return entry;
    entries.push(entry);
  }
  const { [FOLDED]: folded, ...notes } = annotations ?? {};
  const rest = { ...others, ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }) };
  return { entries, folded: Number(folded) || 0, rest };
}

export function formatIndexFile({ entries, folded, rest }: IndexFile): string {
  const notes = rest["annotations"];
  const annotations = {
    ...(isObject(notes) ? notes : {}),
    ...(folded === 0 ? {} : { [FOLDED]: String(folded) }),
  };
  const index = {
    schemaVersion: 2,
    ...rest,
    manifests: entries.map(formatEntry),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  return `${JSON.stringify(index)}\n`;
}
