import { Command } from "commander";
import { resolve } from "node:path";

import { UsageError } from "../commands/error.ts";
import { isNamespaceAddress, parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { LOCAL, openLocalStages } from "./local-stages.ts";
import { guardsOf, withTransferTo } from "./migrate-options.ts";
import type { TransferFlags } from "./migrate-options.ts";
import { confirmRemoval, removalFrom, withConsent } from "./migrate-removal.ts";
import type { ConsentFlags } from "./migrate-removal.ts";
import { migrationExitCode } from "./migration-outcome.ts";
import { watchWarnings } from "./run-migration.ts";

type SwitchFlags = ConsentFlags &
  Omit<TransferFlags, "verify" | "overwrite" | "referrers" | "state">;

/** Source: werf 1.1, `stages switch-from-local`. */
export function switchFromLocalCommand(host: Host): Command {
  const command = new Command("switch-from-local")
    .summary("move the stages of this machine into a registry for good")
    .description(
      "Copies the project's stages from :local, closes :local to every later run of the project on this machine, copies what came meanwhile, and removes from :local what was then seen to be in the repository.",
    );
  command.option("--from <address>", "only :local can be switched from", LOCAL);
  return withConsent(withTransferTo(command, host.env)).action(
    async (_flags: SwitchFlags, action: Command) => {
      const flags = action.opts<SwitchFlags>();
      await switchFromLocalTo(host, flags, targetOf(flags));
    },
  );
}

async function switchFromLocalTo(host: Host, flags: SwitchFlags, to: Repository): Promise<void> {
  const { dryRun } = flags;
  const { project, repository: from, blockPath } = await openLocalStages(flags, host.env);
  const removal = dryRun ? undefined : removalFrom(project, flags, host);
  const { switchFromLocal } = await import("../commands/migrate/switch-from-local.ts");
  if (!dryRun) await confirmRemoval(host, { ...flags, from: LOCAL });
  const report = await host.run(flags, async (session) => {
    const { deps, told } = watchWarnings(session);
    const allow = guardsOf(flags.allow);
    const place = { project, from, to, blockPath };
    const emptying = removal === undefined ? {} : { removal };
    const result = await switchFromLocal({ ...place, dryRun, allow, ...emptying }, deps);
    return { project, to, blockPath, dryRun, result, told, requests: deps.requests() };
  });
  const { printSwitch } = await import("./print-switch.ts");
  printSwitch(host, flags, report);
  const codes = report.result.passes.map((pass) => migrationExitCode(pass, host));
  const isOpen = !dryRun && !report.result.isClosed;
  host.exit([130, 1, 4].find((code) => codes.includes(code)) ?? (isOpen ? 1 : 0));
}

/** Throws `UsageError` or `AddressError`. */
function targetOf({ from, to }: SwitchFlags): Repository {
  if (from !== LOCAL) {
    throw new UsageError(
      `--from ${from}: only :local can be switched from; \`stages sync --remove-source\` empties another place`,
    );
  }
  if (to === undefined || to === "" || to === LOCAL || isNamespaceAddress(to)) {
    throw new UsageError(
      "--to is missing: the repository that takes the stages, host/name or oci:DIR",
    );
  }
  return parseRepository(to, (path) => resolve(path));
}
