import { main } from "../../src/cli/main.ts";
import type { HostProcess } from "../../src/cli/host.ts";
import { spawnGit } from "./spawn-git.ts";
import { Order } from "./cli-process-order.ts";
import type { Answer } from "./cli-process-order.ts";

const RUNS_TO_FREE = 6;
let runs = 0;

/** Serves orders of the process that started it, until that one goes. See `helper.ts`. */
process.on("message", (message) => {
  const order = Order.parse(message);
  void carryOut(order)
    .catch((error: unknown): Answer => ({ error: String(error) }))
    .then((answer) => process.send?.({ id: order.id, answer }));
});
process.on("disconnect", () => process.exit(0));

async function carryOut(order: Order): Promise<Answer> {
  if (order.kind === "git") return { stdout: await spawnGit(order.dir, order.args, order.input) };
  const stdout = createSink();
  const stderr = createSink();
  const here: HostProcess = {
    argv: ["node", "tidemark", ...order.args],
    env: order.env,
    pid: process.pid,
    stdout,
    stderr,
    on: () => undefined,
    off: () => undefined,
    kill: () => undefined,
  };
  await main(here);
  // A small process starts others quickly, and nothing frees memory that is not asked to.
  if (++runs % RUNS_TO_FREE === 0) globalThis.gc?.();
  return { exit: Number(here.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
}

/** A stream that is no terminal and keeps what it gets. */
function createSink(): HostProcess["stdout"] & { text(): string } {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  return { isTTY: false, columns: 80, write, text: () => written.join("") };
}
