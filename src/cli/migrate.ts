import { Command } from "commander";

import type { Host } from "./host.ts";
import { withSelection, withTransferOptions } from "./migrate-options.ts";
import type { SelectionFlags, TransferFlags } from "./migrate-options.ts";
import { configOf, removalOf, withRemoval } from "./migrate-removal.ts";
import type { RemovalFlags } from "./migrate-removal.ts";
import { fromMetaRepoOf, imageNamesOf, selectionOf, transferRequest } from "./migrate-request.ts";
import type { KeptFlags } from "./migrate-request.ts";
import { withKeepOptions } from "./policy-options.ts";
import { runMigration } from "./run-migration.ts";

interface MigrateFlags extends TransferFlags, SelectionFlags, RemovalFlags, KeptFlags {
  readonly allow: readonly string[];
}

export function migrateCommand(host: Host): Command {
  const command = new Command("migrate")
    .summary("copy everything of a project to another registry")
    .description(
      "Copies stages, indexes, records, custom tags and what signs them, with their digests. What the target has is not sent again, so a run that was stopped is gone on with by the next one. --dry-run decides and sends nothing.",
    );
  const options = withKeepOptions(withSelection(withTransferOptions(command, host.env)));
  return withRemoval(options).action(async (_flags: MigrateFlags, action: Command) => {
    const flags = action.opts<MigrateFlags>();
    const config = await configOf(flags);
    const request = transferRequest(flags);
    const removal = await removalOf(flags, request.from, config, host);
    await runMigration(host, "migrate", flags, {
      ...request,
      ...fromMetaRepoOf(flags),
      ...imageNamesOf(flags),
      selection: await selectionOf(flags, config),
      ...(removal === undefined ? {} : { removal }),
    });
  });
}
