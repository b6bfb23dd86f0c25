import type { Command, Option } from "commander";

import { UsageError } from "../commands/error.ts";
import type { Environment } from "../compose/environment.ts";

/** Prefixes of variables, the one that wins first. */
const PREFIXES = ["TIDEMARK_", "WERF_"] as const;

const WORDS: Readonly<Record<string, boolean>> = {
  "1": true,
  true: true,
  yes: true,
  on: true,
  "0": false,
  false: false,
  no: false,
  off: false,
};

/**
 * Fills in every option that the command line leaves out from its variable: `--a-b` reads `TIDEMARK_A_B`, then
 * `WERF_A_B`. A repeatable option also reads every variable with that prefix and a suffix, except those that are the
 * names of other options. An empty variable is not set.
 */
export function applyEnvironment(command: Command, env: Environment): void {
  const names = new Set(command.options.map(variableName));
  for (const option of command.options) {
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (source !== undefined && source !== "default") continue;
    const value = Array.isArray(option.defaultValue)
      ? readMany(option, env, names)
      : readOne(variableName(option), env)?.value;
    if (value === undefined) continue;
    command.setOptionValueWithSource(key, parse(option, value), "env");
  }
}

function variableName(option: Option): string {
  return (option.long ?? "").slice(2).replaceAll("-", "_").toUpperCase();
}

function readOne(name: string, env: Environment): { name: string; value: string } | undefined {
  for (const prefix of PREFIXES) {
    const value = env[prefix + name];
    if (value !== undefined && value !== "") return { name: prefix + name, value };
  }
  return undefined;
}

function readMany(
  option: Option,
  env: Environment,
  names: ReadonlySet<string>,
): string[] | undefined {
  const name = variableName(option);
  for (const prefix of PREFIXES) {
    const values = Object.keys(env)
      .filter((key) => key === prefix + name || key.startsWith(`${prefix}${name}_`))
      .filter((key) => key === prefix + name || !names.has(key.slice(prefix.length)))
      .sort()
      .map((key) => env[key] ?? "")
      .filter((value) => value !== "");
    if (values.length > 0) return values;
  }
  return undefined;
}

function parse(option: Option, value: string | string[]): unknown {
  if (option.isBoolean() || option.negate) {
    const word = WORDS[String(value).toLowerCase()];
    if (word === undefined) {
      throw new UsageError(
        `variable for ${option.long} is "${String(value)}"; write true or false`,
      );
    }
    return option.negate ? !word : word;
  }
  if (Array.isArray(value)) {
    let parsed: unknown;
    for (const each of value) parsed = option.parseArg?.(each, parsed) ?? [...asList(parsed), each];
    return parsed;
  }
  return option.parseArg === undefined ? value : option.parseArg(value, undefined);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
