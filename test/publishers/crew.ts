import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Message } from "./order.ts";
import type { Answer, Order } from "./order.ts";

/** A process that runs the command line in itself, several times at once if it is told to. */
export interface Member extends AsyncDisposable {
  /** How the run ended; `undefined` when the process was killed, before or meanwhile. */
  run(order: Omit<Order, "id">): Promise<Answer | undefined>;
  /** Ends it at once, as a machine that fails does. */
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL("crew-program.ts", import.meta.url));

/** A run that takes longer hangs: no lock, no retry and no fault of a round lasts as long. Milliseconds. */
const HANGS_AFTER_MS = 120_000;

/** It ends with this process, whose end closes the channel. */
export function startMember(): Member {
  const child = fork(PROGRAM, [], {
    execArgv: ["--max-semi-space-size=4"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, (answer: Answer | undefined) => void>();
  let orders = 0;
  child.on("message", (message) => {
    const { id, answer } = Message.parse(message);
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  child.on("exit", () => {
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  });
  return {
    run(order) {
      if (isOver(child)) return Promise.resolve(undefined);
      const id = orders++;
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
      waiting.set(id, resolve);
      const late = setTimeout(() => {
        resolve({ exit: -1, stdout: "", stderr: `no end after ${HANGS_AFTER_MS} ms` });
      }, HANGS_AFTER_MS);
      child.send({ ...order, id });
      return promise.finally(() => clearTimeout(late));
    },
    kill: () => void child.kill("SIGKILL"),
    [Symbol.asyncDispose]: () => ended(child),
  };
}

/** Processes that take turns. */
export interface Crew extends AsyncDisposable {
  next(): Member;
}

export function startCrew(size: number): Crew {
  const members = Array.from({ length: size }, startMember);
  let turn = 0;
  return {
    next() {
      const member = members[turn++ % size];
      if (member === undefined) throw new Error("a crew has at least one member");
      return member;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    },
  };
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function ended(child: ChildProcess): Promise<void> {
  if (isOver(child)) return;
  const exit = once(child, "exit");
  child.disconnect();
  await exit;
}
