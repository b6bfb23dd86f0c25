import { Command } from "commander";
import { resolve } from "node:path";

import { parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { withConnectionOptions } from "./shared-options.ts";
import type { ConnectionFlags } from "./shared-options.ts";

interface ProbeFlags extends ConnectionFlags {
  readonly probe: boolean;
}

export function registryCommand(host: Host): Command {
  return new Command("registry")
    .summary("tell which adapter serves a registry, what it can do, and what you may do")
    .description("Tells about the registry of a repository. Changes nothing.")
    .addCommand(detectCommand(host))
    .addCommand(capabilitiesCommand(host))
    .addCommand(checkCommand(host));
}

function detectCommand(host: Host): Command {
  const command = onRepository("detect")
    .summary("tell which adapter serves a repository, and why")
    .description(
      "Tells which adapter serves a repository, why, and how to choose it for good. A host whose name tells nothing is asked, without credentials.",
    )
    .option("--no-probe", "ask no server: tell by the name alone");
  return withConnectionOptions(command, host.env).action(
    async (address: string, _flags: ProbeFlags, action: Command) => {
      const flags = action.opts<ProbeFlags>();
      const request = { repository: repositoryAt(address), probe: flags.probe };
      const { runRegistryDetect } = await import("../commands/registry/registry-detect.ts");
      const { printDetection } = await import("./print-registry.ts");
      const report = await host.run(flags, async (deps) => ({
        repository: request.repository,
        result: await runRegistryDetect(request, deps),
        requests: deps.requests(),
      }));
      printDetection(host, flags, report);
      host.exit(0);
    },
  );
}

function capabilitiesCommand(host: Host): Command {
  const command = onRepository("capabilities")
    .summary("tell what a registry can do")
    .description(
      "Prints what the adapter of a repository counts on, and what this server answers where that depends on it.",
    )
    .option("--no-probe", "ask no server: print what is known beforehand");
  return withConnectionOptions(command, host.env).action(
    async (address: string, _flags: ProbeFlags, action: Command) => {
      const flags = action.opts<ProbeFlags>();
      const request = { repository: repositoryAt(address), probe: flags.probe };
      const { runRegistryCapabilities } =
        await import("../commands/registry/registry-capabilities.ts");
      const { printCapabilities } = await import("./print-registry.ts");
      const report = await host.run(flags, async (deps) => ({
        repository: request.repository,
        result: await runRegistryCapabilities(request, deps),
        requests: deps.requests(),
      }));
      printCapabilities(host, flags, report);
      host.exit(0);
    },
  );
}

function checkCommand(host: Host): Command {
  const command = onRepository("check")
    .summary("try credentials and rights, without changing anything")
    .description(
      "Tries to reach, list, read, push to and delete in a repository without changing anything that lasts. Ends with 3 when a cleanup would be refused.",
    );
  return withConnectionOptions(command, host.env).action(
    async (address: string, _flags: ConnectionFlags, action: Command) => {
      const flags = action.opts<ConnectionFlags>();
      const repository = repositoryAt(address);
      const { runRegistryCheck } = await import("../commands/registry/registry-check.ts");
      const { printCheck } = await import("./print-registry.ts");
      const report = await host.run(flags, async (deps) => ({
        repository,
        result: await runRegistryCheck({ repository }, deps),
        requests: deps.requests(),
      }));
      printCheck(host, flags, report);
      host.exit(report.result.lacking.length > 0 ? 3 : 0);
    },
  );
}

function onRepository(name: string): Command {
  return new Command(name).argument("<repository>", "host/name, or oci:PATH for a directory");
}

function repositoryAt(address: string): Repository {
  return parseRepository(address, (path) => resolve(path));
}
