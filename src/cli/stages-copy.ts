import { InvalidArgumentError, Option } from "commander";
import { Command } from "commander";

import { UsageError } from "../commands/error.ts";
import type { Selection } from "../commands/migrate/request.ts";
import type { TagLabel } from "../engine/cleanup/plan.ts";
import type { Host } from "./host.ts";
import { withTransferOptions } from "./migrate-options.ts";
import type { TransferFlags } from "./migrate-options.ts";
import { configOf, removalOf, withRemoval } from "./migrate-removal.ts";
import type { RemovalFlags } from "./migrate-removal.ts";
import { transferRequest } from "./migrate-request.ts";
import { BUILD_REPORT_PATH } from "./publish-options.ts";
import { readBuildReport } from "./publish-report.ts";
import { runMigration } from "./run-migration.ts";

interface CopyFlags extends TransferFlags {
  readonly all: boolean;
  readonly buildReportPath: string;
}

interface SyncFlags extends TransferFlags, RemovalFlags {
  readonly allow: readonly string[];
}

/** Stages and the records about them, without the names that people choose. */
const STAGE_CLASSES: ReadonlySet<TagLabel> = new Set([
  "stage",
  "index",
  "rejected",
  "image-metadata",
  "managed-image",
  "import-metadata",
]);

/** Source: werf 2, `stages copy`. */
export function copyStagesCommand(host: Host): Command {
  const command = new Command("copy")
    .summary("copy stages and their records")
    .description(
      "Copies stages and indexes with all that they need, and with their records, so that a cleanup of the target keeps what one of the source would have kept. Custom tags and foreign tags stay behind: `migrate` takes them along.",
    )
    .addOption(
      new Option("--all [true|false]", "every stage; false: those that the build report names")
        .preset(true)
        .argParser(parseSwitch)
        .default(true),
    )
    .option(
      "--build-report-path <file>",
      "the build report, a .json or .env file",
      BUILD_REPORT_PATH,
    );
  return withTransferOptions(command, host.env).action(
    async (_flags: CopyFlags, action: Command) => {
      const flags = action.opts<CopyFlags>();
      const selection: Selection = flags.all
        ? { classes: STAGE_CLASSES, foreign: false }
        : { tags: await reportedTags(flags), foreign: false };
      await runMigration(host, "stages copy", flags, { ...transferRequest(flags), selection });
    },
  );
}

/** Source: werf 1.1, `stages sync`. */
export function syncStagesCommand(host: Host): Command {
  const command = new Command("sync")
    .summary("copy what of a project the other storage lacks")
    .description(
      "Copies stages, indexes, records and custom tags that the target does not have. Whatever else is in the target stays as it is.",
    );
  return withRemoval(withTransferOptions(command, host.env)).action(
    async (_flags: SyncFlags, action: Command) => {
      const flags = action.opts<SyncFlags>();
      const request = transferRequest(flags);
      const removal = await removalOf(flags, request.from, await configOf(flags), host);
      await runMigration(host, "stages sync", flags, {
        ...request,
        selection: { foreign: false },
        ...(removal === undefined ? {} : { removal }),
      });
    },
  );
}

/** Tags of the images that were built last, as their report names them. */
async function reportedTags(flags: CopyFlags): Promise<readonly string[]> {
  const images = await readBuildReport(flags, []);
  const tags = [...new Set(images.map(({ tag }) => tag))];
  if (tags.length > 0) return tags;
  throw new UsageError(`the build report ${flags.buildReportPath} names no image`);
}

function parseSwitch(value: string): boolean {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new InvalidArgumentError("Write true or false.");
}
