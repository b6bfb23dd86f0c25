import type { TagClass } from "../../../stages/tag.ts";
import { RECORD_CLASSES } from "../../cleanup/samples.ts";
import type { InventoryTag } from "../../cleanup/inventory.ts";
import type { Ground } from "../ground.ts";
import { count, nameFew } from "./draft.ts";
import type { Draft } from "./draft.ts";

const IS_RECORD: ReadonlySet<TagClass["kind"]> = new Set(RECORD_CLASSES);

/** Records that are about stages which are not there, markers that were left, and too many records. */
export function findRecordFaults(ground: Ground): readonly Draft[] {
  return [...recordsWithoutStage(ground), ...rejectedLeftovers(ground), ...tooManyRecords(ground)];
}

/** One finding for each stage that is missing. */
function recordsWithoutStage(ground: Ground): Draft[] {
  const { input, catalog } = ground;
  const orphans = new Map<string, string[]>();
  for (const entry of input.tags) {
    const stageId = stageOfRecord(entry, ground);
    if (stageId === undefined || catalog.stages.has(stageId)) continue;
    const known = orphans.get(stageId);
    if (known === undefined) orphans.set(stageId, [entry.tag]);
    else known.push(entry.tag);
  }
  return [...orphans].map(([stageId, records]) => {
    const [first = "", ...others] = records.toSorted();
    const also =
      others.length === 0 ? "" : `, and so ${count(others.length, "more record does", "more do")}`;
    return {
      rule: "record-without-stage",
      subject: first,
      message: `${first} tells of stage ${stageId}, which is not there${also}.`,
    };
  });
}

function stageOfRecord(
  { tag, class: known }: InventoryTag,
  { catalog }: Pick<Ground, "catalog">,
): string | undefined {
  if (known.kind === "image-metadata") return known.stageId;
  if (known.kind === "custom-tag-metadata") return catalog.aliasRecords.get(tag)?.stageId;
  return known.kind === "import-metadata" ? catalog.imports.get(tag)?.sourceStageId : undefined;
}

function rejectedLeftovers({ input, catalog }: Ground): Draft[] {
  return input.tags.flatMap(({ tag, class: known }): Draft[] => {
    if (known.kind !== "rejected") return [];
    const message = catalog.stages.has(known.stageId)
      ? `Stage ${known.stageId} is marked as broken and still there.`
      : `${tag} marks a stage that is gone.`;
    return [{ rule: "rejected-leftover", subject: tag, message }];
  });
}

function tooManyRecords({ input, thresholds }: Ground): Draft[] {
  const { recordsFrom, recordsShare } = thresholds;
  const all = input.tags.length;
  if (all < recordsFrom) return [];
  const records = input.tags.filter(({ class: { kind } }) => IS_RECORD.has(kind));
  if (records.length <= all * recordsShare) return [];
  const kinds = RECORD_CLASSES.map((kind) => {
    const number = records.filter((entry) => entry.class.kind === kind).length;
    return { kind, number };
  }).filter(({ number }) => number > 0);
  const most = kinds.toSorted((a, b) => b.number - a.number);
  const percent = Math.floor((records.length / all) * 100);
  const named = nameFew(most.map(({ kind, number }) => `${number} ${kind}`));
  return [
    {
      rule: "too-many-records",
      message: `${records.length} of ${all} tags are records (${percent} %): ${named}.`,
    },
  ];
}
