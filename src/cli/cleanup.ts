import { resolve } from "node:path";

import { Command } from "commander";

import type { CleanupTarget } from "../commands/cleanup/targets.ts";
import { refuseSharedRoles } from "../commands/cleanup/copies.ts";
import { UsageError } from "../commands/error.ts";
import type { ProjectCleanupRequest } from "../commands/cleanup/project-cleanup.ts";
import { exitCodeOf, worstExitCode } from "./failure.ts";
import type { Host } from "./host.ts";
import {
  cleanupRequest,
  cleanupSetRequest,
  withDeletionOptions,
  withPolicyOptions,
} from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";
import {
  projectRepositoriesOf,
  refuseOtherRepositories,
  withProjectRepositories,
} from "./repos-options.ts";
import type { ReposFlags } from "./repos-options.ts";
import { withReportOptions } from "./report-options.ts";
import type { ReportFlags } from "./report-options.ts";
import { runReported } from "./run-reported.ts";
import { targetsOf, withTargets } from "./targets.ts";
import type { TargetFlags } from "./targets.ts";

interface CleanupFlags extends DeletionFlags, TargetFlags, ReposFlags, ReportFlags {
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
  const options = withReportOptions(withDeletionOptions(withPolicyOptions(command, host.env)));
  return withProjectRepositories(withTargets(options)).action(
    async (_flags: CleanupFlags, action: Command) => {
      const flags = action.opts<CleanupFlags>();
      const targets = targetsOf(flags);
      if (targets !== undefined) return cleanSet(host, flags, targets);
      const request = await cleanupRequest(flags);
      const repositories = projectRepositoriesOf(flags);
      if (repositories.copies.length > 0) {
        return cleanProject(host, flags, { ...request, ...repositories });
      }
      refuseSharedRoles(request.policy, repositories);
      const { planOut, dryRun } = flags;
      const { runCleanup } = await import("../commands/cleanup/cleanup.ts");
      const { writePlanFile } = await import("../journal/plan-file.ts");
      const { printCleanup } = await import("./print-cleanup.ts");
      const saving =
        planOut === undefined
          ? {}
          : { savePlan: (plan: object): Promise<void> => writePlanFile(resolve(planOut), plan) };
      const about = { command: "cleanup", dryRun } as const;
      const report = await runReported(host, flags, about, async (deps) => {
        const result = await runCleanup({ ...request, ...saving, dryRun }, deps);
        return { ...about, result, results: [result], requests: deps.requests() };
      });
      printCleanup(host, flags, report);
      host.exit(exitCodeOf(report.result, host));
    },
  );
}

/** Cleans every repository of a project. */
async function cleanProject(
  host: Host,
  flags: CleanupFlags,
  request: Omit<ProjectCleanupRequest, "dryRun">,
): Promise<void> {
  const { planOut, dryRun } = flags;
  if (planOut !== undefined) {
    throw new UsageError(
      "--plan-out holds the plan of one repository, and a final or cache repository is named too; plan the primary one without them",
    );
  }
  const { runProjectCleanup } = await import("../commands/cleanup/project-cleanup.ts");
  const { printCleanupSet } = await import("./print-cleanup.ts");
  const about = { command: "cleanup", dryRun } as const;
  const report = await runReported(host, flags, about, async (deps) => {
    const found = await runProjectCleanup({ ...request, dryRun }, deps);
    return {
      ...about,
      namespaces: [request.policy.repository],
      results: found.map(({ result }) => result),
      roles: found.map(({ role }) => role),
      requests: deps.requests(),
    };
  });
  printCleanupSet(host, flags, report);
  host.exit(worstExitCode(report.results, host));
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
  refuseOtherRepositories(flags);
  const request = await cleanupSetRequest(flags, targets);
  const { runCleanupSet } = await import("../commands/cleanup/cleanup-set.ts");
  const { printCleanupSet } = await import("./print-cleanup.ts");
  const about = { command: "cleanup", dryRun } as const;
  const report = await runReported(host, flags, about, async (deps) => {
    const found = await runCleanupSet({ ...request, dryRun }, deps);
    const results = found.map(({ result }) => result);
    const namespaces = targets.map(({ namespace }) => namespace);
    return { ...about, namespaces, results, requests: deps.requests() };
  });
  printCleanupSet(host, flags, report);
  host.exit(worstExitCode(report.results, host));
}
