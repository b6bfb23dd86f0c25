import { Option } from "commander";
import type { Command } from "commander";

import type { CleanupRequest } from "../commands/cleanup/cleanup.ts";
import { parseAge } from "./parse-age.ts";

/** Options of every command that carries a plan out, about its time among other runs. */
export interface ApplyOptionFlags {
  /** Milliseconds. */
  readonly maxDuration?: number;
  /** Milliseconds. */
  readonly wait?: number;
}

export function withApplyOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--max-duration <duration>",
        "begin no deletion later than this after the start; what remains is listed",
      ).argParser(parseAge),
    )
    .addOption(
      new Option(
        "--wait <duration>",
        "how long to wait while another cleanup of the repository is under way (default: not at all)",
      ).argParser(parseAge),
    );
}

/** What they ask of a cleanup. */
export function applyOptionsOf({
  maxDuration,
  wait,
}: ApplyOptionFlags): Pick<CleanupRequest, "maxDurationMs" | "waitMs"> {
  return {
    ...(maxDuration === undefined ? {} : { maxDurationMs: maxDuration }),
    ...(wait === undefined ? {} : { waitMs: wait }),
  };
}
