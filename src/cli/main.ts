import { readFileSync } from "node:fs";

import { Command, CommanderError, Help } from "commander";
import type { Option } from "commander";

import { applyCommand } from "./apply.ts";
import { auditCommand } from "./audit.ts";
import { ciEnvCommand } from "./ci-env.ts";
import { cleanupCommand } from "./cleanup.ts";
import { crCommand } from "./cr.ts";
import { describeFailure } from "./failure.ts";
import { explainCommand } from "./explain.ts";
import { createHost } from "./host.ts";
import type { Host, HostProcess } from "./host.ts";
import { journalCommand } from "./journal.ts";
import { managedImagesCommand } from "./managed-images.ts";
import { migrateCommand } from "./migrate.ts";
import { policyCommand } from "./policy.ts";
import { publishCommand } from "./publish.ts";
import { purgeCommand } from "./purge.ts";
import { registryCommand } from "./registry.ts";
import { restoreCommand } from "./restore.ts";
import { stagesCommand } from "./stages.ts";
import { synchronizationCommand } from "./synchronization.ts";

/** Runs the command line of a process. */
export async function main(process: HostProcess = globalThis.process): Promise<void> {
  const host = createHost(process, version());
  try {
    await program(host, process).parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      host.exit(error.exitCode === 0 ? 0 : 2);
      return;
    }
    const { exitCode, lines } = describeFailure(error, host);
    for (const line of lines) process.stderr.write(`tidemark: ${line}\n`);
    host.exit(exitCode);
  } finally {
    host.close();
  }
}

function program(host: Host, { stdout, stderr }: HostProcess): Command {
  const command = new Command("tidemark")
    .description("Keeps container registries down to what Git and the clusters still need.")
    .version(host.version)
    .showSuggestionAfterError()
    .addCommand(cleanupCommand(host))
    .addCommand(applyCommand(host))
    .addCommand(explainCommand(host))
    .addCommand(auditCommand(host))
    .addCommand(publishCommand(host))
    .addCommand(stagesCommand(host))
    .addCommand(migrateCommand(host))
    .addCommand(purgeCommand(host))
    .addCommand(restoreCommand(host))
    .addCommand(journalCommand(host))
    .addCommand(policyCommand(host))
    .addCommand(managedImagesCommand(host))
    .addCommand(registryCommand(host))
    .addCommand(crCommand(host))
    .addCommand(ciEnvCommand(host))
    .addCommand(synchronizationCommand(host));
  for (const each of withSubcommands(command)) {
    each
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text, write) => write(`tidemark: ${oneLine(text)}\n`),
      })
      .configureHelp({ optionDescription: describeOption });
  }
  return command;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** That a switch is off by default says itself. */
function describeOption(option: Option): string {
  return new Help().optionDescription(option).replace(" (default: false)", "");
}

/**
 * `error: unknown option '--x'\n(Did you mean --y?)` as one line without the prefix, and without the value of an option
 * whose name is misspelt: it may be a secret.
 */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, "")
    .replace(/^(unknown option '--?[^=\s']*)=[\s\S]*?'(?=$|\n\(Did you mean )/, "$1'")
    .replaceAll(/\s*\n\s*/g, " ");
}

function version(): string {
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      const json: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (typeof json === "object" && json !== null && "version" in json)
        return String(json.version);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return "0.0.0";
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
