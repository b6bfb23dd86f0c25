import type { SwitchResult } from "../commands/migrate/switch-from-local.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { migrationJson } from "./migration-json.ts";
import { printMigration, sayMigration } from "./print-migration.ts";
import type { ConnectionFlags } from "./shared-options.ts";

interface SwitchReport {
  readonly project: string;
  readonly to: Repository;
  readonly blockPath: string;
  readonly dryRun: boolean;
  readonly result: SwitchResult;
  /** Warnings that people have seen already. */
  readonly told: ReadonlySet<string>;
  readonly requests: RequestCounts;
}

const COMMAND = "stages switch-from-local";

/** Prints what became of the stages of this machine. */
export function printSwitch(host: Host, flags: ConnectionFlags, report: SwitchReport): void {
  const { result, requests, told } = report;
  const isJson = flags.output === "json";
  if (isJson) host.print(`${JSON.stringify(switchJson(report))}\n`);
  for (const pass of result.passes) {
    const part = { command: COMMAND, result: pass, requests, told };
    if (isJson) sayMigration(host, flags, part);
    else printMigration(host, flags, part);
  }
  if (!isJson) host.print(`${closingLine(report)}\n`);
}

/** The JSON form; the order is stable. */
function switchJson({ project, to, blockPath, dryRun, result, requests }: SwitchReport): object {
  return {
    schema: 1,
    command: COMMAND,
    dryRun,
    project,
    to: formatRepository(to),
    closed: result.isClosed,
    block: blockPath,
    passes: result.passes.map((pass) =>
      migrationJson({ command: COMMAND, result: pass, requests }),
    ),
  };
}

function closingLine({ project, to, blockPath, dryRun, result }: SwitchReport): string {
  const where = formatRepository(to);
  if (dryRun) return `:local of project ${project} would be closed in favour of ${where}`;
  if (!result.isClosed) {
    return `:local of project ${project} stays open: not everything arrived in ${where}; see what failed or was left, and run it again (--allow left-behind closes it without what was left)`;
  }
  return `:local of project ${project} is closed: use ${where} (${blockPath} says so; deleting it opens :local again)`;
}
