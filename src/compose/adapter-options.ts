import { adapters } from "../../adapters/index.ts";
import type { AdapterEntry, AdapterOption, AdapterOptionValues } from "../registry/adapter.ts";
import type { Environment } from "./environment.ts";

/** What a command was told about the registry of one role. */
export interface RoleAccess {
  /** As options spell it: `repo`, `cache-repo`. */
  readonly role: string;
  /** `--<role>-implementation`. */
  readonly implementation: string | undefined;
  /** Values of adapters' options, by name without the role; only those that were given. */
  readonly options: AdapterOptionValues;
}

/** An option of one adapter, or of several that share its name. */
export interface OfferedOption extends AdapterOption {
  /** Ids of the adapters that take it. */
  readonly adapters: readonly string[];
}

/** Every option of every adapter, each name once, in the order of the table. Loads no adapter. */
export function adapterOptions(entries: readonly AdapterEntry[] = adapters): OfferedOption[] {
  const offered = new Map<string, OfferedOption>();
  for (const { id, options } of entries) {
    for (const option of options) {
      const known = offered.get(option.name);
      offered.set(option.name, {
        ...(known ?? option),
        adapters: [...(known?.adapters ?? []), id],
      });
    }
  }
  return [...offered.values()];
}

/** Ids of every implementation, in the order of the table. */
export function implementationIds(): string[] {
  return adapters.map(({ id }) => id);
}

/** What an adapter is told: what was given for the role, else what CI systems have set. An empty variable is not set. */
export function optionValues(
  { options }: Pick<AdapterEntry, "options">,
  access: RoleAccess,
  env: Environment,
): AdapterOptionValues {
  return Object.fromEntries(
    options.flatMap(({ name, env: variables = [] }) => {
      const values = [access.options[name], ...variables.map((variable) => env[variable])];
      const value = values.find((text) => text !== undefined && text !== "");
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A sentence about options that the chosen adapter does not know; `undefined` when there is none. */
export function unusedOptions(
  { id, options }: Pick<AdapterEntry, "id" | "options">,
  { role, options: given }: RoleAccess,
  host: string,
): string | undefined {
  const known = new Set(options.map(({ name }) => name));
  const unused = Object.keys(given).filter((name) => !known.has(name));
  if (unused.length === 0) return undefined;
  const names = unused.map((name) => `--${role}-${name}`).join(", ");
  return `${names}: not used, since "${id}" serves ${host}; --${role}-implementation chooses another one`;
}
