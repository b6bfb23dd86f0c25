import { Command } from "commander";

import type { Host } from "./host.ts";
import { policyRequest, withPolicyOptions } from "./policy-options.ts";
import type { PolicyFlags } from "./policy-options.ts";

export function explainCommand(host: Host): Command {
  const command = new Command("explain")
    .summary("tell why a tag is kept or would go")
    .description(
      "Decides as a dry run would, and prints the proof for one tag or digest: what keeps it, down to the roots, or what was looked at before it was let go. Changes nothing.",
    )
    .argument("<tag>", "tag in the repository, or the digest of a manifest");
  return withPolicyOptions(command, host.env).action(
    async (name: string, _flags: PolicyFlags, action: Command) => {
      const flags = action.opts<PolicyFlags>();
      const request = await policyRequest(flags);
      const { runExplain } = await import("../commands/explain.ts");
      const { printExplanation } = await import("./print-explanation.ts");
      const { explanation, requests } = await host.run(flags, async (deps) => ({
        explanation: await runExplain({ ...request, name }, deps),
        requests: deps.requests(),
      }));
      printExplanation(host, flags, explanation, requests);
      host.exit(0);
    },
  );
}
