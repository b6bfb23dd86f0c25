import { LABEL } from "../../../stages/labels.ts";
import type { TagLabel } from "../../cleanup/plan.ts";
import { NAMED_BY_PEOPLE } from "../ground.ts";
import type { Ground, Verdict } from "../ground.ts";
import { count } from "./draft.ts";
import type { Draft } from "./draft.ts";

const DAY_MS = 86_400_000;

/** What a cleanup is there for. */
const CLEANED: ReadonlySet<TagLabel> = new Set(["stage", "index", "image"]);

/** Whether cleanups come as they should, and names that grow too long. */
export function findUpkeepFaults(
  ground: Ground,
  verdicts: ReadonlyMap<string, Verdict>,
): readonly Draft[] {
  return [...overdueCleanup(ground, verdicts), ...longTags(ground, verdicts)];
}

/** A copy is cleaned with the repository that it comes from. */
function overdueCleanup(ground: Ground, verdicts: ReadonlyMap<string, Verdict>): Draft[] {
  if (ground.input.primary !== undefined) return [];
  const cleaned = [...verdicts.values()].filter((entry) => CLEANED.has(entry.class));
  if (cleaned.length === 0) return [];
  const reasons = [lateSince(ground), goingMany(ground, cleaned)];
  const told = reasons.filter((reason) => reason !== undefined);
  return told.length === 0 ? [] : [{ rule: "overdue-cleanup", message: `${told.join("; ")}.` }];
}

function lateSince({ input, lastRun, thresholds, catalog }: Ground): string | undefined {
  const { now } = input;
  const isLate = (time: number): boolean => now - time > thresholds.cleanupAfterMs;
  const endedAt = Number(lastRun?.[LABEL.lastCleanup] ?? Number.NaN);
  if (!Number.isNaN(endedAt)) {
    if (!isLate(endedAt)) return undefined;
    return `The last cleanup ended ${count(Math.floor((now - endedAt) / DAY_MS), "day")} ago, on ${dayOf(endedAt)}`;
  }
  // A record that nobody can read tells nothing, neither that there was a cleanup lately nor that there was none.
  if (input.tags.some(({ class: { kind } }) => kind === "last-cleanup")) return undefined;
  let oldest = now;
  for (const { class: known } of catalog.stages.values()) {
    if (known.kind === "stage") oldest = Math.min(oldest, known.builtAt);
  }
  return isLate(oldest)
    ? `No cleanup was ever recorded, and the oldest stage is of ${dayOf(oldest)}`
    : undefined;
}

function goingMany({ thresholds }: Ground, cleaned: readonly Verdict[]): string | undefined {
  const { goingFrom, goingShare } = thresholds;
  const going = cleaned.filter(({ verdict }) => verdict === "deleted").length;
  if (cleaned.length < goingFrom || going <= cleaned.length * goingShare) return undefined;
  return `${going} of ${count(cleaned.length, "image")} would go`;
}

function longTags(
  { input, maxTag, thresholds }: Ground,
  verdicts: ReadonlyMap<string, Verdict>,
): Draft[] {
  const limit = Math.ceil(maxTag * thresholds.tagLengthShare);
  return input.tags.flatMap(({ tag }): Draft[] => {
    const label = verdicts.get(tag)?.class;
    if (tag.length < limit || label === undefined || !NAMED_BY_PEOPLE.has(label)) return [];
    return [
      {
        rule: "tag-near-limit",
        subject: tag,
        message: `${tag} has ${tag.length} characters, and a tag may have ${maxTag}.`,
      },
    ];
  });
}

/** A moment that nobody can have meant is told as it stands. */
function dayOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().slice(0, 10);
}
