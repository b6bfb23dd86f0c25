import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { GIT_ENV } from "../scenarios/git.ts";

const CLI = resolve("bin/tidemark.js");

/** How a process of the command line ended, and all it printed. */
export interface Run {
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The working directory, and the home of a user who has nothing. */
  readonly home: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What comes in on stdin; default: nothing. */
  readonly input?: string;
  /** Default: the Node that runs the tests. */
  readonly node?: string;
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs `tidemark` as a person or a CI job would: as a process of its own, without a terminal. */
export async function runTidemark(
  args: readonly string[],
  { home, env = {}, input, node = process.execPath, onStart }: RunOptions,
): Promise<Run> {
  const child = spawn(node, [CLI, ...args], {
    cwd: home,
    env: { ...GIT_ENV, HOME: home, XDG_STATE_HOME: `${home}/state`, ...env },
    stdio: "pipe",
  });
  // One that ends without reading is no failure.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => out.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => err.push(chunk));
  onStart?.(child);
  const exit = await new Promise<number | undefined>((settle, reject) => {
    child.on("error", reject);
    child.on("close", (code) => settle(code ?? undefined));
  });
  return {
    exit,
    stdout: Buffer.concat(out).toString("utf8"),
    stderr: Buffer.concat(err).toString("utf8"),
  };
}
