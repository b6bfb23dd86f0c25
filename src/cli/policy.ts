import { resolve } from "node:path";

import { Command, Option } from "commander";

import { applyEnvironment } from "./environment.ts";
import type { Host } from "./host.ts";
import { requireRepository } from "./policy-options.ts";
import { withSharedOptions } from "./shared-options.ts";
import type { SharedFlags } from "./shared-options.ts";

/** Options of a command that needs neither network nor registry. */
export interface PolicyTestFlags {
  readonly dir: string;
  readonly config?: string;
  readonly output: "table" | "json";
}

export function policyCommand(host: Host): Command {
  return new Command("policy")
    .summary("test what the configuration keeps")
    .description("Tells what the keep policies and rules of the configuration come to.")
    .addCommand(testCommand(host))
    .addCommand(listingCommand(host));
}

function testCommand(host: Host): Command {
  return new Command("test")
    .summary("check expectations against the keep policies and rules")
    .description(
      "Decides about a repository that a file describes, without any network, and checks what the file expects of each tag.",
    )
    .argument("<file>", "tags, history and expectations, in YAML or JSON")
    .option("--dir <path>", "project directory, with Git and configuration", ".")
    .option("--config <file>", "configuration (default: tidemark.yaml, then werf.yaml)")
    .addOption(
      new Option("--output <form>", "what stdout carries")
        .choices(["table", "json"])
        .default("table"),
    )
    .hook("preAction", (_, action) => applyEnvironment(action, host.env))
    .action(async (file: string, _flags: PolicyTestFlags, action: Command) => {
      const flags = action.opts<PolicyTestFlags>();
      const { testPolicies } = await import("./policy-test.ts");
      host.exit(await testPolicies(host, file, { ...flags, dir: resolve(flags.dir) }));
    });
}

function listingCommand(host: Host): Command {
  const command = new Command("listing")
    .summary("save a repository's tags for tests of policies")
    .description(
      "Reads every tag, manifest and image config of a repository and prints, as JSON, what a file of expectations takes as its listing. Changes nothing.",
    );
  return withSharedOptions(command, host.env).action(
    async (_flags: SharedFlags, action: Command) => {
      const flags = action.opts<SharedFlags>();
      const repository = requireRepository(flags.repo);
      const { readPolicyListing } = await import("../commands/policy/policy-listing.ts");
      const listing = await host.run(flags, (deps) => readPolicyListing(repository, deps));
      host.print(`${JSON.stringify(listing, undefined, 2)}\n`);
      host.exit(0);
    },
  );
}
