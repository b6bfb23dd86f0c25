import { InvalidArgumentError } from "commander";
import type { Command, Option } from "commander";

import { UsageError } from "../commands/error.ts";
import type { Environment } from "../compose/environment.ts";

/** Prefixes of variables, the one that wins first. */
const PREFIXES = ["TIDEMARK_", "WERF_"] as const;

/** Repeatable options that werf does not have; with a suffix, its variables of that name mean something else. */
const NOT_IN_WERF: ReadonlySet<string> = new Set(["ALLOW", "CLASS", "IMAGE", "TAG"]);

/** Options whose variable means something else to werf, on other commands: a context to deploy to is not the only one to ask. */
const OTHER_IN_WERF: ReadonlySet<string> = new Set(["KUBE_CONTEXT"]);

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
    const found = Array.isArray(option.defaultValue)
      ? readMany(option, env, names)
      : readOne(option, env);
    if (found.length > 0) command.setOptionValueWithSource(key, parse(option, found), "env");
  }
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function variableName(option: Option): string {
  return (option.long ?? "").slice(2).replaceAll("-", "_").toUpperCase();
}

function readOne(option: Option, env: Environment): Variable[] {
  const name = variableName(option);
  const prefixes = OTHER_IN_WERF.has(name) ? PREFIXES.slice(0, 1) : PREFIXES;
  const names = prefixes.map((prefix) => prefix + name);
  return variables(names, env).slice(0, 1);
}

function readMany(option: Option, env: Environment, names: ReadonlySet<string>): Variable[] {
  const name = variableName(option);
  for (const prefix of PREFIXES) {
    const suffixed = Object.keys(env)
      .filter((key) => key.startsWith(`${prefix}${name}_`))
      .filter((key) => !names.has(key.slice(prefix.length)))
      .sort();
    const hasSuffixes = prefix === "TIDEMARK_" || !NOT_IN_WERF.has(name);
    const found = variables([prefix + name, ...(hasSuffixes ? suffixed : [])], env);
    if (found.length > 0) return found;
  }
  return [];
}

/** Those of the names that are set to something. */
function variables(names: readonly string[], env: Environment): Variable[] {
  return names.flatMap((name) => {
    const value = env[name];
    return value === undefined || value === "" ? [] : [{ name, value }];
  });
}

function parse(option: Option, found: readonly Variable[]): unknown {
  let parsed: unknown;
  for (const { name, value } of found) {
    try {
      parsed = parseValue(option, value, parsed);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new UsageError(`variable ${name} is "${value}": ${error.message}`);
    }
  }
  return parsed;
}

function parseValue(option: Option, value: string, before: unknown): unknown {
  if (!option.isBoolean() && !option.negate) {
    return option.parseArg === undefined ? value : option.parseArg(value, before);
  }
  const word = WORDS[value.toLowerCase()];
  if (word === undefined) throw new InvalidArgumentError("Write true or false.");
  return option.negate ? !word : word;
}
