import { resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import type { Environment } from "../compose/environment.ts";
import type { LocalStages } from "../compose/local-stages.ts";
import { formatRepository } from "../oci/reference.ts";

/** What stands for the stages of this machine. Source: werf, `--synchronization` and `--stages-storage`. */
export const LOCAL = ":local";

/** What tells whose stages they are. */
export interface ProjectFlags {
  readonly dir: string;
  readonly config?: string;
}

/**
 * Puts the directory of this machine's stages in the place of `:local`, once variables were read. Rejects with
 * `GuardError("local-stages")` where they have moved.
 *
 * @param options Names of the options that take an address, without dashes.
 */
export function withLocalStages(
  command: Command,
  env: Environment,
  options: readonly string[],
): Command {
  return command.hook("preAction", async (_, action) => {
    for (const name of options) {
      const key = new Option(`--${name} <address>`).attributeName();
      const value: unknown = action.getOptionValue(key);
      const several: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
      if (value !== LOCAL && several?.includes(LOCAL) !== true) continue;
      const { refuseMovedStages } = await import("../commands/migrate/local-block.ts");
      const { repository, blockPath } = await openLocalStages(action.opts<ProjectFlags>(), env);
      await refuseMovedStages(blockPath);
      const address = formatRepository(repository);
      const named = several?.map((each) => (each === LOCAL ? address : each)) ?? address;
      action.setOptionValueWithSource(key, named, "config");
    }
  });
}

/** The stages of the configured project on this machine, moved or not. */
export async function openLocalStages(
  { dir, config: path }: ProjectFlags,
  env: Environment,
): Promise<LocalStages> {
  const { loadConfig } = await import("../config/load.ts");
  const { localStagesOf } = await import("../compose/local-stages.ts");
  const { project } = await loadConfig({ dir: resolve(dir), path });
  return localStagesOf(env, project);
}
