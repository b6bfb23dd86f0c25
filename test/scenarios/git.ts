import type { CliProcess } from "./cli-process.ts";
import { spawnGit } from "./spawn-git.ts";

export { GIT_ENV } from "./spawn-git.ts";

let cliProcess: CliProcess | undefined;

/** Lets another process start every git from here on. */
export function gitThrough(other: CliProcess): void {
  cliProcess = other;
}

/** Runs git in a directory; answers its output without the last line end, rejects with its complaint. */
export async function git(dir: string, args: readonly string[], input = ""): Promise<string> {
  if (cliProcess === undefined) return spawnGit(dir, args, input);
  const { stdout = "" } = await cliProcess.run({ kind: "git", dir, args: [...args], input });
  return stdout;
}
