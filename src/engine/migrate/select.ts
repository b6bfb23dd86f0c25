import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "../cleanup/catalog.ts";
import type { Facts, InventoryTag, Need } from "../cleanup/inventory.ts";
import { labelOf } from "../cleanup/label.ts";
import type { TagLabel } from "../cleanup/plan.ts";
import { chooseTags } from "./choose.ts";
import type { LeftBecause } from "./plan.ts";

/** Which tags are wanted. Everything that is given has to hold. */
export interface Wanted {
  /** Absent: every class, but foreign tags only with `foreign`. */
  readonly classes?: ReadonlySet<TagLabel>;
  /** Names of images, `*` for any characters. */
  readonly images?: readonly string[];
  /** Names of tags, `*` for any characters. */
  readonly tags?: readonly string[];
  /** Milliseconds. */
  readonly youngerThanMs?: number;
  readonly olderThanMs?: number;
  /** Tags that a cleanup would keep. */
  readonly kept?: ReadonlySet<string>;
  readonly foreign: boolean;
}

export interface SelectionInput {
  readonly tags: readonly InventoryTag[];
  readonly catalog: Catalog;
  /** Grows by what is needed. */
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly wanted: Wanted;
  /** The image that a tag is of which no record and no rule tells of; `undefined`: nobody knows. */
  readonly imageOf: (tag: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Selected {
  /** Tags that go, with what they are. Signatures are not among them: they go where what they are about goes. */
  readonly goes: ReadonlyMap<string, TagLabel>;
  readonly left: ReadonlyMap<string, { readonly label: TagLabel; readonly why: LeftBecause }>;
  /** Tags about other digests, each decided by its subject. */
  readonly signatures: readonly InventoryTag[];
}

/** Tags that are about the source itself, or a run, and would mislead in another place. */
const TRANSIENT: ReadonlySet<TagLabel> = new Set([
  "client-id",
  "sync-server",
  "last-cleanup",
  "meta-repo-marker",
  "journal",
  "lease",
]);

/** Decides which tags go, or says what has to be read first. */
export function selectTags(input: SelectionInput): Selected | { readonly needs: readonly Need[] } {
  const { tags, catalog, wanted } = input;
  const goes = new Map<string, TagLabel>();
  const left = new Map<string, { readonly label: TagLabel; readonly why: LeftBecause }>();
  const signatures: InventoryTag[] = [];
  const labels = new Map(tags.map((entry) => [entry.tag, labelOf(entry, catalog)]));
  const narrow = isNarrow(wanted) ? chooseTags(input, labels) : undefined;
  if (narrow !== undefined && narrow.needs.length > 0) return { needs: narrow.needs };
  for (const entry of tags) {
    const { tag } = entry;
    const label = labels.get(tag) ?? "foreign";
    const why = whyLeft(tag, label, wanted, narrow?.chosen);
    if (why !== undefined) left.set(tag, { label, why: { kind: why } });
    else if (label === "signature") signatures.push(entry);
    else goes.set(tag, label);
  }
  return { goes, left, signatures };
}

/** Whether a tag's class alone says that it stays where it is. */
export function isTransient(label: TagLabel): boolean {
  return TRANSIENT.has(label);
}

function whyLeft(
  tag: string,
  label: TagLabel,
  { classes, kept, foreign }: Wanted,
  chosen: ReadonlySet<string> | undefined,
): "transient" | "foreign" | "not-kept" | "not-selected" | undefined {
  if (isTransient(label)) return "transient";
  if (label === "signature") return undefined;
  if (label === "foreign" && !foreign && classes?.has("foreign") !== true) return "foreign";
  if (classes !== undefined && !classes.has(label)) return "not-selected";
  if (kept !== undefined && !kept.has(tag)) return "not-kept";
  return chosen === undefined || chosen.has(tag) ? undefined : "not-selected";
}

/** Whether tags are chosen by name, image or age. */
export function isNarrow({ images, tags, youngerThanMs, olderThanMs }: Wanted): boolean {
  return [images, tags, youngerThanMs, olderThanMs].some((given) => given !== undefined);
}
