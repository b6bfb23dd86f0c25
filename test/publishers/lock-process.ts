import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../contract-tests/servers/run.ts";
import { GIT_ENV } from "../scenarios/git.ts";

/** The lock server of the command line, as a process that keeps what it knows in memory. */
export interface LockProcess {
  readonly url: string;
  readonly port: number;
  /** Ends it at once: what it knew is lost. */
  crash(): Promise<void>;
}

const CLI = resolve("bin/tidemark.js");
const READY_WITHIN_MS = 20_000;

export async function startLockServer(port?: number): Promise<LockProcess> {
  const own = port ?? (await freePort());
  const url = `http://127.0.0.1:${own}`;
  const args = ["synchronization", "--host", "127.0.0.1", "--port", String(own)];
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...GIT_ENV },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit");
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      kill();
      throw new Error(`the lock server did not start: ${said.join("").slice(-2000)}`);
    }
    await sleep(30);
  }
  return {
    url,
    port: own,
    async crash() {
      process.off("exit", kill);
      kill();
      await ended;
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false; // Not listening yet.
  }
}
