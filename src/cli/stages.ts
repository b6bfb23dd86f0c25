import { Command } from "commander";

import type { Host } from "./host.ts";
import { copyStagesCommand, syncStagesCommand } from "./stages-copy.ts";
import { listStagesCommand } from "./stages-ls.ts";
import { switchFromLocalCommand } from "./stages-switch.ts";

export function stagesCommand(host: Host): Command {
  return new Command("stages")
    .summary("list stages, and copy them between storages")
    .description(
      "Works on the stages of a project and their records, in registries, directories (oci:DIR), archives (archive:FILE) and on this machine (:local).",
    )
    .addCommand(listStagesCommand(host))
    .addCommand(copyStagesCommand(host))
    .addCommand(syncStagesCommand(host))
    .addCommand(switchFromLocalCommand(host));
}
