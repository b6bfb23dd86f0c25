import type { Command } from "commander";

import type { SweepPolicy } from "../commands/cleanup/untagged.ts";
import type { CleanupConfig } from "../config/config.ts";

export interface UntaggedFlags {
  readonly deleteUntagged: boolean;
  readonly deleteOrphans: boolean;
}

/** Adds what goes besides the tags of the project. */
export function withUntagged(command: Command): Command {
  return command
    .option(
      "--delete-untagged",
      "delete manifests that no tag names and nothing that stays leads to, where the registry lists them",
      false,
    )
    .option(
      "--delete-orphans",
      "delete signatures and other referrers whose image is not there any more",
      false,
    );
}

/** What the options and the configuration come to: either may ask for it. */
export function sweepOf(
  flags: UntaggedFlags,
  cleanup: Pick<CleanupConfig, "deleteUntagged" | "deleteOrphans">,
  keepUntaggedWithinHours: number,
): SweepPolicy {
  return {
    deleteUntagged: flags.deleteUntagged || cleanup.deleteUntagged,
    deleteOrphans: flags.deleteOrphans || cleanup.deleteOrphans,
    keepUntaggedWithinHours,
  };
}
