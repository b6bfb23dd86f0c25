import type { CleanupInput } from "../engine/cleanup/inventory.ts";
import { selectReferences } from "../engine/cleanup/references.ts";
import type { Entry, Status } from "./entry.ts";
import { drawLanes } from "./lanes.ts";
import type { Lanes } from "./lanes.ts";
import { reduceHistory } from "./reduced-history.ts";

/** Most commits on a map; the older ones are left out. */
const MAX_ROWS = 2000;

/** The history as far as it matters for images: newest first, children before their parents. */
export interface HistoryMap {
  readonly rows: readonly HistoryRow[];
  /** Commits with images or references that did not fit. */
  readonly leftOut: number;
  /** Images that stay and whose commit is not in this history, or that name none. */
  readonly elsewhere: number;
}

export interface HistoryRow {
  /** All hex digits. */
  readonly commit: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** References that a policy selects and that point here. */
  readonly references: readonly MappedReference[];
  readonly images: readonly MappedImage[];
  readonly lanes: Lanes;
}

export interface MappedReference {
  readonly kind: "branch" | "tag";
  readonly name: string;
  /** From 1: the policy that decides about its images. */
  readonly policy: number;
}

export interface MappedImage {
  readonly tag: string;
  /** Name of the image; empty for the nameless one. */
  readonly image: string;
  readonly status: Status;
}

/** Where the images of a repository stand in its history. `undefined`: there is no history to stand in. */
export function mapHistory(
  { history, policies, now }: Pick<CleanupInput, "history" | "policies" | "now">,
  entries: readonly Entry[],
): HistoryMap | undefined {
  if (history === undefined) return undefined;
  const { graph } = history;
  const images = new Map<number, MappedImage[]>();
  let elsewhere = 0;
  for (const entry of entries.filter(isImage)) {
    const places = entry.commits.map((commit) => graph.indexOf(commit)).filter((at) => at >= 0);
    if (places.length === 0 && entry.status === "kept") elsewhere += 1;
    for (const at of places) push(images, at, mapped(entry));
  }
  const references = new Map<number, MappedReference[]>();
  for (const { reference, policy } of selectReferences(policies, history.references, now)
    .selected) {
    const { kind, name } = reference;
    const at = graph.indexOf(reference.commit);
    if (at >= 0) push(references, at, { kind, name, policy: policy + 1 });
  }
  const places = [...new Set([...images.keys(), ...references.keys()])].sort((a, b) => a - b);
  const shown = places.slice(0, MAX_ROWS);
  const lanes = drawLanes(shown, reduceHistory(graph, new Set(shown)));
  return {
    rows: shown.map((at, row) => ({
      commit: graph.hexOf(at),
      time: graph.times[at] ?? 0,
      references: references.get(at) ?? [],
      images: images.get(at) ?? [],
      lanes: lanes[row] ?? { column: 0, through: [], ends: [], starts: [] },
    })),
    leftOut: places.length - shown.length,
    elsewhere,
  };
}

function isImage({ class: label }: Entry): boolean {
  return label === "stage" || label === "index" || label === "image";
}

function mapped({ name, images, status }: Entry): MappedImage {
  return { tag: name, image: images.join(", "), status };
}

function push<Value>(lists: Map<number, Value[]>, key: number, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
