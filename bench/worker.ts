import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A script of ours in a process of its own, so that its time and memory are nobody else's. */
export interface Worker extends AsyncDisposable {
  /** The first line it printed. */
  readonly firstLine: string;
}

/** Starts a script that serves until it is stopped, and waits for its first line. */
export async function startWorker(script: URL, args: readonly string[]): Promise<Worker> {
  const child = spawnScript(script, args);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  for await (const firstLine of createInterface({ input: child.stdout })) {
    return { firstLine, [Symbol.asyncDispose]: stop };
  }
  throw new Error(`${fileURLToPath(script)} ended before it served`);
}

/** Runs a script to its end and answers with the numbers in the JSON object that it printed. */
export async function runWorker(script: URL, args: readonly string[]): Promise<Numbers> {
  const child = spawnScript(script, args);
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${fileURLToPath(script)} ended with exit code ${code}`);
  return readNumbers(output.join(""));
}

/** Throws for a name that is no number of the result. */
export type Numbers = (name: string) => number;

function readNumbers(text: string): Numbers {
  const value: unknown = JSON.parse(text);
  const fields = new Map<string, unknown>(Object.entries(value ?? {}));
  return (name) => {
    const number = fields.get(name);
    if (typeof number !== "number") throw new Error(`no number ${name} in ${text}`);
    return number;
  };
}

function spawnScript(
  script: URL,
  args: readonly string[],
): ChildProcess & { readonly stdout: NonNullable<ChildProcess["stdout"]> } {
  return spawn(process.execPath, [fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}
