import { Command } from "commander";

import type { Host } from "./host.ts";
import { requireRepository } from "./policy-options.ts";
import { metaRepoOf, withMetaRepo } from "./repos-options.ts";
import type { MetaRepoFlags } from "./repos-options.ts";
import { withSharedOptions } from "./shared-options.ts";
import type { SharedFlags } from "./shared-options.ts";

interface ListFlags extends SharedFlags, MetaRepoFlags {}

export function listStagesCommand(host: Host): Command {
  const command = new Command("ls")
    .summary("list stages with their images, commits, ages and sizes")
    .description(
      "Lists stages and indexes, youngest first, with the images and commits that records tell of. A size is that of everything an image needs, shared or not. Changes nothing.",
    );
  return withMetaRepo(withSharedOptions(command, host.env)).action(
    async (_flags: ListFlags, action: Command) => {
      const flags = action.opts<ListFlags>();
      const request = { repository: requireRepository(flags.repo), ...metaRepoOf(flags) };
      const { listStages } = await import("../commands/stages/list-stages.ts");
      const { printStages } = await import("./print-stages.ts");
      const { list, requests } = await host.run(flags, async (deps) => ({
        list: await listStages(request, deps),
        requests: deps.requests(),
      }));
      printStages(host, flags, { ...request, list, requests });
      host.exit(0);
    },
  );
}
