import { Option } from "commander";
import type { Command } from "commander";

import { UsageError } from "../commands/error.ts";
import { adapterOptions, implementationIds } from "../compose/adapter-options.ts";
import type { RoleAccess } from "../compose/adapter-options.ts";

const GROUP = "Options of single implementations:";

/**
 * Adds what a command may be told about the registry of one role: `--<role>-implementation`, and the options of every
 * adapter with the role in front. Variables are read by whoever reads them for the whole command, before this one's hook.
 *
 * @param role As options spell it: `repo`, `cache-repo`.
 */
export function withRole(command: Command, role: string): Command {
  command
    .addOption(
      new Option(
        `--${role}-implementation <id>`,
        `which adapter serves it: auto, ${implementationIds().join(", ")} (default: told by the host)`,
      ),
    )
    .addOption(
      new Option(
        `--${role}-container-registry <id>`,
        `alias of --${role}-implementation`,
      ).hideHelp(),
    );
  for (const { name, about, value } of adapterOptions()) {
    const words = value === undefined ? "" : ` <${value}>`;
    const option = new Option(`--${role}-${name}${words}`, about).helpGroup(GROUP);
    // Those of one role tell what there is; the others would make the help three times as long.
    command.addOption(SHOWN.has(role) ? option : option.hideHelp());
  }
  return command.hook("preAction", (_, action) => applyAlias(action, role));
}

/** The first role of a command. */
const SHOWN: ReadonlySet<string> = new Set(["repo", "from"]);

/** Roles whose options, where they are not given, are those of another role. Source: werf 1.1, common credentials. */
const COMMON: Readonly<Record<string, string>> = {
  "images-repo": "repo",
  "stages-storage-repo": "repo",
};

/** Options that a command has for every role at once, by the key under which commander keeps them. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ["create-repositories", "createRepositories"],
]);

/** Reads back what a command was told about a role. Throws `UsageError`; an error never shows a value. */
export function readRole(flags: object, role: string): RoleAccess {
  const values = new Map<string, unknown>(Object.entries(flags));
  const implementation = values.get(attributeOf(role, "implementation"));
  const options = adapterOptions().flatMap(({ name }) => {
    const value = values.get(attributeOf(role, name)) ?? values.get(SHARED.get(name) ?? "");
    if (value === "") throw new UsageError(`--${role}-${name} is empty`);
    if (typeof value === "string") return [[name, value] as const];
    return value === true ? [[name, "true"] as const] : [];
  });
  const common = COMMON[role] === undefined ? undefined : readRole(flags, COMMON[role]);
  return {
    role,
    implementation: typeof implementation === "string" ? implementation : common?.implementation,
    options: { ...common?.options, ...Object.fromEntries(options) },
  };
}

/** Lets `--<role>-container-registry` stand for `--<role>-implementation`; a flag wins over a variable of either. */
function applyAlias(command: Command, role: string): void {
  const alias = attributeOf(role, "container-registry");
  const name = attributeOf(role, "implementation");
  const value: unknown = command.getOptionValue(alias);
  if (value === undefined) return;
  const isGiven = command.getOptionValueSource(alias) === "cli";
  const source = command.getOptionValueSource(name);
  if (source !== undefined && !(isGiven && source !== "cli")) return;
  command.setOptionValue(name, value);
}

/** The key under which commander keeps an option's value. */
function attributeOf(role: string, name: string): string {
  return new Option(`--${role}-${name}`).attributeName();
}
