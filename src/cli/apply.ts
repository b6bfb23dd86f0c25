import { Command, Option } from "commander";

import { formatRepository } from "../oci/reference.ts";
import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import { parseAge } from "./parse-age.ts";
import { cleanupRequest, withDeletionOptions, withPolicyOptions } from "./policy-options.ts";
import type { DeletionFlags } from "./policy-options.ts";

interface ApplyFlags extends DeletionFlags {
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
  return withDeletionOptions(withPolicyOptions(command, host.env)).action(
    async (path: string, _flags: ApplyFlags, action: Command) => {
      const flags = action.opts<ApplyFlags>();
      const { readPlanFile } = await import("../journal/plan-file.ts");
      const saved = await readPlanFile(path);
      const request = await cleanupRequest(flags, flags.repo ?? formatRepository(saved.repository));
      const { runApply } = await import("../commands/apply.ts");
      const { printCleanup } = await import("./print-cleanup.ts");
      const report = await host.run(flags, async (deps) => {
        const result = await runApply({ ...request, saved, maxAgeMs: flags.planMaxAge }, deps);
        return { command: "apply", result, requests: deps.requests() } as const;
      });
      printCleanup(host, flags, report);
      host.exit(exitCodeOf(report.result, host));
    },
  );
}
