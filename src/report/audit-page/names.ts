import { visible } from "../visible.ts";
import type { Placed } from "./placed.ts";

/** The tag of a record, whose commit and stage are elsewhere in the data too: what comes before them, and their places. */
export type RecordName = readonly [start: string, commit: number, stage: number];

/** Source: werf, the tags of image metadata. */
const RECORD = /^(?<start>.*_)(?<commit>[0-9a-f]{40})_(?<stage>[0-9a-f]{56}-[0-9]+)$/;

/**
 * A name, or of what it can be put together: names of records are long, and there is one for every stage.
 *
 * @param rowOf -1 for what is no row.
 */
export function packName(
  name: string,
  commits: Placed,
  rowOf: (name: string) => number,
): string | RecordName {
  const { start = "", commit = "", stage = "" } = RECORD.exec(name)?.groups ?? {};
  const row = stage === "" ? -1 : rowOf(stage);
  return row < 0 ? visible(name) : [visible(start), commits.place(commit), row];
}
