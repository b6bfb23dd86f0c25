import type { ImageMetadataTag } from "../../stages/tag.ts";
import type { Closure } from "./closure.ts";
import type { CleanupInput } from "./inventory.ts";
import type { Because, Decision } from "./decision.ts";
import type { Roots } from "./roots.ts";
import { imageNames } from "./roots.ts";

interface MetadataRecord extends ImageMetadataTag {
  readonly tag: string;
}

/**
 * Decides about the records that tie stages to commits.
 *
 * A record goes with its stage; when its commit or image name is unknown; and when a newer record of the same stage
 * serves the same reference. Never while age keeps the stage, and a stage that anything keeps does not lose its newest
 * record.
 */
export function decideRecords(
  input: CleanupInput,
  roots: Roots,
  { kept }: Closure,
): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  const names = imageNames(input);
  for (const [stageId, records] of recordsByStage(input)) {
    const serves = kept.has(stageId)
      ? records.filter((record) => isServing(record, input, roots, names))
      : [];
    const staysWhole = roots.recent.has(stageId) && kept.has(stageId);
    const last =
      kept.has(stageId) && serves.length === 0 ? newestRecord(records, input, names) : undefined;
    for (const record of records) {
      if (staysWhole || serves.includes(record)) {
        decisions.set(record.tag, { reasons: [{ kind: "record", of: stageId }] });
      } else if (record === last) {
        decisions.set(record.tag, { reasons: [{ kind: "last-record", of: stageId }] });
      } else {
        const because = whyRecordGoes(record, kept.has(stageId), input, names);
        decisions.set(record.tag, { because, after: [stageId] });
      }
    }
  }
  return decisions;
}

/** Whether a reference needs the record, or may need it for all this clone knows. */
function isServing(
  { tag, nameHash, commit }: MetadataRecord,
  { history }: CleanupInput,
  roots: Roots,
  names: ReadonlyMap<string, string>,
): boolean {
  if (roots.history?.serving.has(tag)) return true;
  return history?.mayBeBehind === true && names.has(nameHash) && history.graph.indexOf(commit) < 0;
}

function recordsByStage({ tags }: CleanupInput): Map<string, MetadataRecord[]> {
  const stages = new Map<string, MetadataRecord[]>();
  for (const { tag, class: known } of tags) {
    if (known.kind !== "image-metadata") continue;
    const records = stages.get(known.stageId);
    if (records === undefined) stages.set(known.stageId, [{ tag, ...known }]);
    else records.push({ tag, ...known });
  }
  return stages;
}

/** The record of the newest commit; of commits nobody knows, and of names nobody knows, only when there is no other. */
function newestRecord(
  records: readonly MetadataRecord[],
  { history }: CleanupInput,
  names: ReadonlyMap<string, string>,
): MetadataRecord | undefined {
  const place = ({ commit }: MetadataRecord): number => history?.graph.indexOf(commit) ?? -1;
  const time = (record: MetadataRecord): number => {
    const commit = place(record);
    return commit < 0 ? Number.NEGATIVE_INFINITY : (history?.graph.times[commit] ?? 0);
  };
  const isNewer = (a: MetadataRecord, b: MetadataRecord): boolean => {
    if (names.has(a.nameHash) !== names.has(b.nameHash)) return names.has(a.nameHash);
    if (time(a) !== time(b)) return time(a) > time(b);
    return place(a) === place(b) ? a.tag < b.tag : place(a) < place(b);
  };
  let newest = records[0];
  for (const record of records) {
    if (newest !== undefined && isNewer(record, newest)) newest = record;
  }
  return newest;
}

function whyRecordGoes(
  { nameHash, commit }: MetadataRecord,
  hasStage: boolean,
  { history }: CleanupInput,
  names: ReadonlyMap<string, string>,
): Because {
  if (!hasStage) return "stage-gone";
  if (!names.has(nameHash)) return "unknown-image";
  if (history !== undefined && history.graph.indexOf(commit) < 0) return "unknown-commit";
  return "superseded";
}
