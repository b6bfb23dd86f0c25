import { main } from "../../src/cli/main.ts";
import type { HostProcess } from "../../src/cli/host.ts";
import { installClocks, runAhead } from "./clock.ts";
import { Order } from "./order.ts";
import type { Answer } from "./order.ts";

installClocks();

/** Runs the command line in this process, as often and as many times at once as it is told. See `crew.ts`. */
process.on("message", (message) => {
  const { id, args, env, aheadMs } = Order.parse(message);
  void runAhead(aheadMs, () => runMain(args, env)).then((answer) => process.send?.({ id, answer }));
});
process.on("disconnect", () => process.exit(0));

async function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Answer> {
  const stdout = createSink();
  const stderr = createSink();
  const here: HostProcess = {
    argv: ["node", "tidemark", ...args],
    env,
    pid: process.pid,
    stdout,
    stderr,
    on: () => undefined,
    off: () => undefined,
    kill: () => undefined,
  };
  try {
    await main(here);
  } catch (error) {
    return { exit: 70, stdout: stdout.text(), stderr: `${stderr.text()}\n${String(error)}` };
  }
  return { exit: Number(here.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
}

/** A stream that is no terminal and keeps what it gets. */
function createSink(): HostProcess["stdout"] & { text(): string } {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  return { isTTY: false, columns: 80, write, text: () => written.join("") };
}
