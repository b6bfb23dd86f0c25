import type { MigrateRequest } from "../commands/migrate/migrate.ts";
import { foldProgress } from "./ci-output.ts";
import type { Host } from "./host.ts";
import type { TransferFlags } from "./migrate-options.ts";
import { checkClusters, confirmRemoval } from "./migrate-removal.ts";
import type { RemovalFlags } from "./migrate-removal.ts";
import { migrationExitCode } from "./migration-outcome.ts";

/** Carries a migration out, prints what it did, and sets the exit code. */
export async function runMigration(
  host: Host,
  command: string,
  flags: TransferFlags & Partial<RemovalFlags>,
  request: MigrateRequest,
): Promise<void> {
  const { removal } = request;
  const { migrate } = await import("../commands/migrate/migrate.ts");
  const { printMigration } = await import("./print-migration.ts");
  if (removal !== undefined) await confirmRemoval(host, { yes: false, ...flags });
  const unfold = foldProgress(host, flags, command.replaceAll(/[^a-z]+/g, "_"));
  try {
    const report = await host.run(flags, async (deps) => {
      if (removal !== undefined) await checkClusters(removal, deps);
      const result = await migrate(request, deps);
      return { command, result, requests: deps.requests() };
    });
    printMigration(host, flags, report);
    host.exit(migrationExitCode(report.result, host));
  } finally {
    unfold();
  }
}
