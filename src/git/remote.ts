import { failure, runGit, type GitContext } from "./command.ts";
import { GitError } from "./error.ts";

/** What the configuration says about the remotes of a clone. */
export interface RemoteSettings {
  /** Names of the remotes that have an address. */
  readonly names: readonly string[];
  /** Refspecs by which each remote's references are tracked, by remote name. */
  readonly refspecs: ReadonlyMap<string, readonly string[]>;
  /** `core.sshCommand`; `undefined` when there is none. */
  readonly sshCommand: string | undefined;
}

export async function readRemoteSettings(context: GitContext): Promise<RemoteSettings> {
  const pattern = String.raw`^(remote\..*\.(url|fetch)|core\.sshcommand)$`;
  const outcome = await runGit(context, ["config", "-z", "--get-regexp", pattern]);
  // 1 means that no key matches.
  if (outcome.exitCode !== 0 && outcome.exitCode !== 1) throw failure(context, "config", outcome);
  const settings = parseSettings(outcome.stdout);
  const refspecs = Map.groupBy(settingsOf(settings, "fetch"), ([remote]) => remote);
  return {
    names: [...new Set(settingsOf(settings, "url").map(([remote]) => remote))],
    refspecs: new Map(Array.from(refspecs, ([remote, list]) => [remote, list.map(([, to]) => to)])),
    sshCommand: settings.findLast(([key]) => key === "core.sshcommand")?.[1],
  };
}

/** Whether the clone has `remote`; `GitError("no-remote")` when it has only others. */
export function hasRemote(context: GitContext, settings: RemoteSettings, remote: string): boolean {
  if (settings.names.includes(remote)) return true;
  if (settings.names.length === 0) return false;
  const others = settings.names.join(", ");
  throw new GitError(
    "no-remote",
    `${context.dir} has no remote "${remote}", but ${others}: rename it with git remote rename, or add "${remote}"`,
  );
}

type Setting = readonly [key: string, value: string];

/** `KEY\nVALUE\0` for each; a key without a value has no newline. Source: git-config(1), `-z`. */
function parseSettings(text: string): readonly Setting[] {
  return text
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const newline = entry.indexOf("\n");
      return newline === -1 ? [entry, ""] : [entry.slice(0, newline), entry.slice(newline + 1)];
    });
}

/** The values of `remote.NAME.variable`, with the names. */
function settingsOf(settings: readonly Setting[], variable: string): readonly Setting[] {
  const prefix = "remote.";
  const suffix = `.${variable}`;
  return settings
    .filter(([key]) => key.startsWith(prefix) && key.endsWith(suffix))
    .map(([key, value]) => [key.slice(prefix.length, -suffix.length), value]);
}
