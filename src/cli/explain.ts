import { Command } from "commander";

import { refuseSharedRoles } from "../commands/cleanup/copies.ts";
import type { Host } from "./host.ts";
import { policyRequest, withPolicyOptions } from "./policy-options.ts";
import type { PolicyFlags } from "./policy-options.ts";
import { projectRepositoriesOf, withProjectRepositories } from "./repos-options.ts";
import type { ReposFlags } from "./repos-options.ts";

interface ExplainFlags extends PolicyFlags, ReposFlags {}

export function explainCommand(host: Host): Command {
  const command = new Command("explain")
    .summary("tell why a tag is kept or would go")
    .description(
      "Decides as a dry run would, and prints the proof for one tag or digest: what keeps it, down to the roots, or what was looked at before it was let go. Changes nothing.",
    )
    .argument("<tag>", "tag in the repository, or the digest of a manifest");
  return withProjectRepositories(withPolicyOptions(command, host.env)).action(
    async (name: string, _flags: ExplainFlags, action: Command) => {
      const flags = action.opts<ExplainFlags>();
      const request = await policyRequest(flags);
      const repositories = projectRepositoriesOf(flags);
      refuseSharedRoles(request.policy, repositories);
      const { copies } = repositories;
      const { runExplain } = await import("../commands/cleanup/explain.ts");
      const { printExplanation } = await import("./print-explanation.ts");
      const { explanation, requests } = await host.run(flags, async (deps) => ({
        explanation: await runExplain({ ...request, copies, name }, deps),
        requests: deps.requests(),
      }));
      printExplanation(host, flags, explanation, requests);
      host.exit(0);
    },
  );
}
