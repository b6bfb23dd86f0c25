import { PassThrough } from "node:stream";
import type { HostProcess } from "../../src/cli/host.ts";
import { main } from "../../src/cli/main.ts";
import { GIT_ENV } from "../scenarios/git.ts";
import type { Run } from "./run.ts";

interface HereOptions {
  /** The home of a user who has nothing. */
  readonly home: string;
  /** What a person types when asked, sitting at a terminal. Absent: nobody sits there. */
  readonly typed?: string;
}

/** Runs the command line in this process, which is quicker than one of its own; paths have to be absolute. */
export async function runHere(args: readonly string[], { home, typed }: HereOptions): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  const sink = (lines: string[], isTTY: boolean): HostProcess["stdout"] => ({
    isTTY,
    columns: 200,
    write(text) {
      lines.push(text);
      if (typed !== undefined && text.includes("to go on:")) stdin.write(typed);
    },
  });
  const process: HostProcess = {
    argv: ["node", "tidemark", ...args],
    env: { ...GIT_ENV, HOME: home, XDG_STATE_HOME: `${home}/state` },
    pid: 0,
    stdout: sink(out, false),
    stderr: sink(err, typed !== undefined),
    stdin,
    on: () => undefined,
    off: () => undefined,
    kill: () => undefined,
  };
  await main(process);
  return { exit: Number(process.exitCode ?? 0), stdout: out.join(""), stderr: err.join("") };
}
