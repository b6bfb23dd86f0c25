import { Command, Option } from "commander";

import { formatRepository } from "../oci/reference.ts";
import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import { parseAge } from "./parse-age.ts";
import { cleanupRequest, withDeletionOptions, withPolicyOptions } from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";
import { withReportOptions } from "./report-options.ts";
import type { ReportFlags } from "./report-options.ts";
import { runReported } from "./run-reported.ts";

interface ApplyFlags extends DeletionFlags, ReportFlags {
  /** Milliseconds. */
  readonly planMaxAge: number;
}

const DAY_MS = 86_400_000;

export function applyCommand(host: Host): Command {
  const command = new Command("apply")
    .summary("carry out a saved plan")
    .description(
      "Carries out a plan that `tidemark cleanup --plan-out` saved. Every precondition is checked again; what is needed by now stays.",
    )
    .argument("<plan>", "file that --plan-out wrote")
    .addOption(
      new Option("--plan-max-age <duration>", "how old the plan may be")
        .argParser(parseAge)
        .default(DAY_MS, "24h"),
    );
  const options = withDeletionOptions(withPolicyOptions(command, host.env));
  return withReportOptions(options).action(
    async (path: string, _flags: ApplyFlags, action: Command) => {
      const flags = action.opts<ApplyFlags>();
      const { readPlanFile } = await import("../journal/plan-file.ts");
      const saved = await readPlanFile(path);
      const request = await cleanupRequest(flags, flags.repo ?? formatRepository(saved.repository));
      const { runApply } = await import("../commands/cleanup/apply.ts");
      const { printCleanup } = await import("./print-cleanup.ts");
      const about = { command: "apply", dryRun: false } as const;
      const report = await runReported(host, flags, about, async (deps) => {
        const result = await runApply({ ...request, saved, maxAgeMs: flags.planMaxAge }, deps);
        return { ...about, result, results: [result], requests: deps.requests() };
      });
      printCleanup(host, flags, report);
      host.exit(exitCodeOf(report.result, host));
    },
  );
}
