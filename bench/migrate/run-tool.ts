import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tool } from "./tools.ts";

/** One run of a program. */
export interface ToolRun {
  readonly seconds: number;
  /** Most memory that it had. Bytes. */
  readonly peakBytes: number;
}

const LOOK_EVERY_MS = 20;

/**
 * Runs a program to its end. Rejects with its last words when it fails.
 *
 * @param home The home of a user who has nothing.
 */
export async function runTool(
  { name, program, args }: Tool,
  { from, to, home }: { readonly from: string; readonly to: string; readonly home: string },
): Promise<ToolRun> {
  const start = performance.now();
  const child = spawn(program, [...args(from, to)], {
    cwd: home,
    env: { PATH: process.env["PATH"] ?? "", HOME: home, XDG_STATE_HOME: `${home}/state` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const peak = watchMemory(child.pid);
  const [code] = await once(child, "close");
  const seconds = (performance.now() - start) / 1000;
  const peakBytes = await peak;
  if (code === 0) return { seconds, peakBytes };
  throw new Error(`${name} ended with exit code ${code}: ${said.join("").slice(-2000)}`);
}

/** What the kernel last told before the process ended. Source: proc_pid_status(5), `VmHWM`. */
async function watchMemory(pid: number | undefined): Promise<number> {
  let peakBytes = 0;
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes === undefined) return peakBytes;
    peakBytes = Number(kibibytes) * 1024;
    await sleep(LOOK_EVERY_MS);
  }
}
