import { resolve } from "node:path";

import { Command } from "commander";

import { UsageError } from "../commands/error.ts";
import { isNamespaceAddress } from "../oci/reference.ts";
import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import {
  cleanupRequest,
  cleanupSetRequest,
  withDeletionOptions,
  withPolicyOptions,
} from "./policy-options.ts";
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
      if (isNamespaceAddress(flags.repo ?? "")) return cleanSet(host, flags);
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

/** Cleans every repository at or below what `--repo` names. */
async function cleanSet(host: Host, flags: CleanupFlags): Promise<void> {
  const { repo = "", planOut, dryRun } = flags;
  if (planOut !== undefined) {
    throw new UsageError(
      `--plan-out holds the plan of one repository, and --repo ${repo} names several; plan them one by one`,
    );
  }
  const request = await cleanupSetRequest(flags, repo);
  const { runCleanupSet } = await import("../commands/cleanup-set.ts");
  const { printCleanupSet } = await import("./print-cleanup.ts");
  const report = await host.run(flags, async (deps) => {
    const found = await runCleanupSet({ ...request, dryRun }, deps);
    const results = found.map(({ result }) => result);
    return { namespace: request.namespace, dryRun, results, requests: deps.requests() };
  });
  printCleanupSet(host, flags, report);
  const codes = report.results.map((result) => exitCodeOf(result, host));
  host.exit([130, 1, 4].find((code) => codes.includes(code)) ?? 0);
}
