import { resolve } from "node:path";

import { Command } from "commander";

import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import { cleanupRequest, withDeletionOptions, withPolicyOptions } from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";

interface CleanupFlags extends DeletionFlags {
  readonly dryRun: boolean;
  readonly planOut?: string;
}

export function cleanupCommand(host: Host): Command {
  const command = new Command("cleanup")
    .summary("delete what neither Git nor anything else still needs")
    .description(
      "Deletes the stages, records and custom tags that no policy keeps and nothing kept needs. --dry-run decides and writes nothing.",
    )
    .option("--dry-run", "decide and print; change nothing", false)
    .option(
      "--plan-out <file>",
      "save the plan for `tidemark apply`, and carry it out unless --dry-run",
    );
  return withDeletionOptions(withPolicyOptions(command, host.env)).action(
    async (_flags: CleanupFlags, action: Command) => {
      const flags = action.opts<CleanupFlags>();
      const request = await cleanupRequest(flags);
      const { planOut, dryRun } = flags;
      const { runCleanup } = await import("../commands/cleanup.ts");
      const { writePlanFile } = await import("../journal/plan-file.ts");
      const { printCleanup } = await import("./print-cleanup.ts");
      const saving =
        planOut === undefined
          ? {}
          : { savePlan: (plan: object): Promise<void> => writePlanFile(resolve(planOut), plan) };
      const report = await host.run(flags, async (deps) => {
        const result = await runCleanup({ ...request, ...saving, dryRun }, deps);
        return { command: "cleanup", result, requests: deps.requests() } as const;
      });
      printCleanup(host, flags, report);
      host.exit(exitCodeOf(report.result, host));
    },
  );
}
