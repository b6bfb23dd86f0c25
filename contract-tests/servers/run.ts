import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a program to its end and answers with its output. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args);
  return stdout;
}

/** A port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

export interface Running {
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface Start {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether it serves already. */
  readonly isReady: () => Promise<boolean>;
  /** Milliseconds; default: 20 000. */
  readonly readyWithinMs?: number;
}

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 5_000;

/** Starts a program and waits until it serves. Rejects with its output when it ends before. */
export async function start({
  program,
  args,
  isReady,
  readyWithinMs = READY_WITHIN_MS,
}: Start): Promise<Running> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const deadline = Date.now() + readyWithinMs;
  while (!(await isReady())) {
    if (hasEnded(child) || Date.now() > deadline) {
      kill();
      throw new Error(`${program} did not start: ${output.join("").slice(-2000)}`);
    }
    await sleep(50);
  }
  return {
    pid: child.pid,
    async stop() {
      process.off("exit", kill);
      if (hasEnded(child)) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(kill, STOP_WITHIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
