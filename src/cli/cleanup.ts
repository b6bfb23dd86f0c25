import { resolve } from "node:path";

import { Command } from "commander";

import type { CleanupTarget } from "../commands/cleanup-set.ts";
import { UsageError } from "../commands/error.ts";
import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import {
  cleanupRequest,
  cleanupSetRequest,
  withDeletionOptions,
  withPolicyOptions,
} from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";
import { targetsOf, withTargets } from "./targets.ts";
import type { TargetFlags } from "./targets.ts";

interface CleanupFlags extends DeletionFlags, TargetFlags {
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
  return withTargets(withDeletionOptions(withPolicyOptions(command, host.env))).action(
    async (_flags: CleanupFlags, action: Command) => {
      const flags = action.opts<CleanupFlags>();
      const targets = targetsOf(flags);
      if (targets !== undefined) return cleanSet(host, flags, targets);
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

/** Cleans several repositories. */
async function cleanSet(
  host: Host,
  flags: CleanupFlags,
  targets: readonly CleanupTarget[],
): Promise<void> {
  const { planOut, dryRun } = flags;
  if (planOut !== undefined) {
    throw new UsageError(
      "--plan-out holds the plan of one repository, and several are named; plan them one by one",
    );
  }
  const request = await cleanupSetRequest(flags, targets);
  const { runCleanupSet } = await import("../commands/cleanup-set.ts");
  const { printCleanupSet } = await import("./print-cleanup.ts");
  const report = await host.run(flags, async (deps) => {
    const found = await runCleanupSet({ ...request, dryRun }, deps);
    const results = found.map(({ result }) => result);
    const namespaces = targets.map(({ namespace }) => namespace);
    return { namespaces, dryRun, results, requests: deps.requests() };
  });
  printCleanupSet(host, flags, report);
  const codes = report.results.map((result) => exitCodeOf(result, host));
  host.exit([130, 1, 4].find((code) => codes.includes(code)) ?? 0);
}
