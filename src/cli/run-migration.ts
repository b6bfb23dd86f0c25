import type { CommandDeps } from "../commands/deps.ts";
import type { MigrateRequest } from "../commands/migrate/migrate.ts";
import { foldProgress } from "./ci-output.ts";
import type { Host } from "./host.ts";
import type { TransferFlags } from "./migrate-options.ts";
import { checkClusters, confirmRemoval } from "./migrate-removal.ts";
import type { RemovalFlags } from "./migrate-removal.ts";
import { absentTags, migrationExitCode } from "./migration-outcome.ts";

/** Carries a migration out, prints what it did, and sets the exit code. */
export async function runMigration(
  host: Host,
  command: string,
  flags: TransferFlags & Partial<RemovalFlags>,
  request: MigrateRequest,
): Promise<void> {
  const { removal } = request;
  const { migrate } = await import("../commands/migrate/migrate.ts");
  if (removal !== undefined) await confirmRemoval(host, { yes: false, ...flags });
  const unfold = foldProgress(host, flags, command.replaceAll(/[^a-z]+/g, "_"));
  try {
    const report = await host.run(flags, async (session) => {
      const { deps, told } = watchWarnings(session);
      if (removal !== undefined) await checkClusters(removal, deps);
      const result = await migrate(request, deps);
      return { command, result, told, requests: deps.requests() };
    });
    const { printMigration } = await import("./print-migration.ts");
    printMigration(host, flags, report);
    const absent = absentTags(request.selection.tags ?? [], report.result);
    for (const tag of absent) {
      host.warn(`tidemark: ${tag} was asked for, and the source has no such tag`);
    }
    host.exit(Math.max(migrationExitCode(report.result, host), absent.length > 0 ? 1 : 0));
  } finally {
    unfold();
  }
}

/** The same connections; each warning that is told while the run goes on is noted, so that it is not told twice. */
export function watchWarnings<Deps extends Pick<CommandDeps, "report">>(
  deps: Deps,
): { readonly deps: Deps; readonly told: ReadonlySet<string> } {
  const told = new Set<string>();
  const report: CommandDeps["report"] = (event) => {
    if (event.type === "warning.raised") told.add(event.message);
    deps.report(event);
  };
  return { deps: { ...deps, report }, told };
}
