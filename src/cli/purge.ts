import { Command } from "commander";

import { GuardError, UsageError } from "../commands/error.ts";
import type { RoleResult } from "../commands/cleanup/carry-out-project.ts";
import { formatRepository } from "../oci/reference.ts";
import { worstExitCode } from "./failure.ts";
import type { Host } from "./host.ts";
import { cleanupRequest, withDeletionOptions, withPolicyOptions } from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";
import { withReportOptions } from "./report-options.ts";
import type { ReportFlags } from "./report-options.ts";
import { runReported } from "./run-reported.ts";
import { projectRepositoriesOf, withProjectRepositories } from "./repos-options.ts";
import type { ReposFlags } from "./repos-options.ts";

interface PurgeFlags extends DeletionFlags, ReposFlags, ReportFlags {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What has to be typed. */
const ASSENT = "yes";

export function purgeCommand(host: Host): Command {
  const command = new Command("purge")
    .summary("remove everything the project owns in its repositories")
    .description(
      "Removes every stage, record and custom tag of the project, whatever the keep policies say. What clusters use, the keep list and running publishers need stays. Asks first; --dry-run decides and writes nothing.",
    )
    .option("--dry-run", "decide and print; change nothing", false)
    .option("--yes", "do not ask", false);
  const options = withReportOptions(withDeletionOptions(withPolicyOptions(command, host.env)));
  return withProjectRepositories(options).action(async (_flags: PurgeFlags, action: Command) => {
    const flags = action.opts<PurgeFlags>();
    const { dryRun, yes } = flags;
    const { ask } = host;
    if (!dryRun && !yes && ask === undefined) {
      throw new UsageError(
        "purge removes every image of the project, and nobody is here to ask; --yes does without, --dry-run shows what would go",
      );
    }
    const { disabled: _, ...request } = await cleanupRequest(flags);
    const confirm = async (planned: readonly RoleResult[]): Promise<void> => {
      if (yes || ask === undefined) return;
      const answer = await ask(questionAbout(planned));
      if (answer.trim() !== ASSENT) throw new GuardError("not-confirmed", REFUSED);
    };
    const { runPurge } = await import("../commands/cleanup/purge.ts");
    const { printCleanupSet } = await import("./print-cleanup.ts");
    const repositories = projectRepositoriesOf(flags);
    const about = { command: "purge", dryRun } as const;
    const report = await runReported(host, flags, about, async (deps) => {
      const found = await runPurge({ ...request, ...repositories, dryRun, confirm }, deps);
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
  });
}

const REFUSED = `nothing was changed: "${ASSENT}" would have gone on`;

function questionAbout(planned: readonly RoleResult[]): string {
  const lines = planned.map(
    ({ repository, result: { deleted, kept } }) =>
      `${formatRepository(repository)}: ${deleted.length} tags go, ${kept.length} stay`,
  );
  return `${lines.join("\n")}\nThis removes every image of the project that nothing uses. Type ${ASSENT} to go on:`;
}
