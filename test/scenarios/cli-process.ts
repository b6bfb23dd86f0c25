import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Answer } from "./cli-process-order.ts";
import type { Order } from "./cli-process-order.ts";

/**
 * A small process that runs the command line in itself, and git beside it, as often as it is told.
 *
 * Starting a process costs as much time as the starting one has memory, and one that runs tests has a lot.
 */
export interface CliProcess extends AsyncDisposable {
  /** Rejects when the order could not be carried out. */
  run(order: DistributiveOmit<Order, "id">): Promise<Answer>;
}

type DistributiveOmit<Of, Key extends PropertyKey> = Of extends unknown ? Omit<Of, Key> : never;

const Message = z.object({ id: z.int(), answer: Answer });

const PROGRAM = fileURLToPath(new URL("cli-process-program.ts", import.meta.url));

export function startCliProcess(): CliProcess {
  const child = fork(PROGRAM, [], {
    execArgv: ["--expose-gc", "--max-semi-space-size=4"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  let orders = 0;
  child.on("message", (message) => {
    const { id, answer } = Message.parse(message);
    const order = waiting.get(id);
    waiting.delete(id);
    if (answer.error === undefined) order?.resolve(answer);
    else order?.reject(new Error(answer.error));
  });
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended with ${code}`));
    waiting.clear();
  });
  return {
    run(order) {
      const id = orders++;
      const answer = Promise.withResolvers<Answer>();
      waiting.set(id, answer);
      child.send({ ...order, id });
      return answer.promise;
    },
    [Symbol.asyncDispose]: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = Promise.withResolvers<void>();
  child.on("exit", () => exit.resolve());
  child.disconnect();
  await exit.promise;
}
