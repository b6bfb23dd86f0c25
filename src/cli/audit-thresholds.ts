import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";

import { THRESHOLDS } from "../engine/audit/thresholds.ts";
import type { Thresholds } from "../engine/audit/thresholds.ts";
import { parseAge } from "./parse-age.ts";

export interface ThresholdFlags {
  /** Milliseconds. */
  readonly overdueAfter: number;
  /** 0 to 1. */
  readonly overdueShare: number;
  /** 0 to 1. */
  readonly recordsShare: number;
}

const HOUR_MS = 3_600_000;

/** Adds from where on an audit tells of a cleanup that is overdue, and of too many records. */
export function withThresholds(command: Command): Command {
  const { cleanupAfterMs, goingShare, recordsShare } = THRESHOLDS;
  return command
    .addOption(
      new Option(
        "--overdue-after <duration>",
        "how long after the last cleanup the next one is overdue",
      )
        .argParser(parseAge)
        .default(cleanupAfterMs, `${cleanupAfterMs / HOUR_MS}h`),
    )
    .addOption(
      new Option(
        "--overdue-share <p%>",
        "a cleanup that would take more of the images than this is overdue too",
      )
        .argParser(parseShare)
        .default(goingShare, inPercent(goingShare)),
    )
    .addOption(
      new Option("--records-share <p%>", "how much of all tags may be records")
        .argParser(parseShare)
        .default(recordsShare, inPercent(recordsShare)),
    );
}

export function thresholdsOf({
  overdueAfter,
  overdueShare,
  recordsShare,
}: ThresholdFlags): Thresholds {
  return {
    ...THRESHOLDS,
    cleanupAfterMs: overdueAfter,
    goingShare: overdueShare,
    recordsShare,
  };
}

/** Parses whole percents into a share, 0 to 1. */
function parseShare(text: string): number {
  const [, digits] = /^([0-9]{1,3})%$/.exec(text) ?? [];
  const percent = Number(digits);
  if (digits !== undefined && percent <= 100) return percent / 100;
  throw new InvalidArgumentError("Write a share as 80%, at most 100%.");
}

function inPercent(share: number): string {
  return `${share * 100}%`;
}
