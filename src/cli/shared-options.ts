import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";

import { applyEnvironment } from "./environment.ts";
import { withLocalStages } from "./local-stages.ts";
import { withRole } from "./role-options.ts";
import type { Environment } from "../compose/environment.ts";

/** What stdout may carry; every command has a table and JSON. */
export type OutputForm = "table" | "json" | "csv" | "html" | "sarif";

/** Options of every command that reaches a registry. */
export interface ConnectionFlags {
  readonly dockerConfig?: string;
  readonly insecureRegistry: boolean;
  readonly skipTlsVerifyRegistry: boolean;
  readonly registryCaFile?: string;
  readonly parallelTasksLimit: number;
  readonly output: OutputForm;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Options of every command that works on a project's repository. */
export interface SharedFlags extends ConnectionFlags {
  readonly repo?: string;
  readonly dir: string;
  readonly config?: string;
  readonly journal?: string;
}

/** Most requests in flight when nobody says otherwise. */
const DEFAULT_PARALLEL = 10;

/** What "no limit" comes to; the registry's own limits are found while it answers. */
const MOST_PARALLEL = 100;

/** Adds them, and lets variables fill in what the command line leaves out. */
export function withSharedOptions(command: Command, env: Environment): Command {
  command.addOption(
    new Option(
      "--repo <address>",
      "repository to work on: host/name, oci:PATH for a directory, or :local",
    ),
  );
  return withLocalStages(withConnectionOptions(withProjectOptions(command), env), env, ["repo"]);
}

/** Adds what names the project. */
export function withProjectOptions(command: Command): Command {
  return command
    .option("--dir <path>", "project directory, with Git and configuration", ".")
    .option("--config <file>", "configuration (default: tidemark.yaml, then werf.yaml)");
}

/**
 * Adds them, and lets variables fill in what the command line leaves out.
 *
 * @param roles Whose options come along.
 */
export function withConnectionOptions(
  command: Command,
  env: Environment,
  roles: readonly string[] = ["repo"],
): Command {
  command
    .option("--docker-config <dir>", "directory of docker's config.json")
    .option("--insecure-registry", "allow plain HTTP", false)
    .option(
      "--create-repositories",
      "make a repository that a push needs and the registry does not make",
    )
    .option("--skip-tls-verify-registry", "accept any certificate", false)
    .option("--registry-ca-file <file>", "certificates in PEM to trust besides the system's")
    .option(
      "--parallel-tasks-limit <n>",
      `most requests in flight; 0 or less: ${MOST_PARALLEL}`,
      parallelTasks,
      DEFAULT_PARALLEL,
    )
    .addOption(
      new Option("--output <form>", "what stdout carries")
        .choices(["table", "json"])
        .default("table"),
    )
    .option("--quiet", "no progress on stderr", false)
    .option("--verbose", "every retry and wait on stderr", false)
    .hook("preAction", (_, action) => applyEnvironment(action, env));
  for (const role of roles) withRole(command, role);
  return command;
}

/** Parses a whole number that is not negative. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError("Write a whole number.");
}

/** Zero and less mean that nothing is limited, as in werf. */
function parallelTasks(text: string): number {
  const isNegative = /^-[0-9]+$/.test(text);
  const number = isNegative ? 0 : wholeNumber(text);
  return number === 0 ? MOST_PARALLEL : number;
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: unknown): string[] {
  const list: unknown[] = Array.isArray(before) ? before : [];
  return [...list.map(String), value];
}
