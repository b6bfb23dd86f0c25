import { resolve } from "node:path";
import { Readable } from "node:stream";

import { UsageError } from "../commands/error.ts";
import type { Environment } from "../compose/environment.ts";
import type { SessionDeps } from "../compose/session.ts";
import type { Event } from "../events/event.ts";
import { readRole } from "./role-options.ts";
import type { ConnectionFlags, SharedFlags } from "./shared-options.ts";
import { createProgress } from "./progress.ts";
import type { Progress, Terminal } from "./progress.ts";

/** As much of a process as the command line touches; `node:process` is one. */
export interface HostProcess {
  /** The first two are the program and its script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly pid: number;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  exitCode?: number | string | null | undefined;
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  kill(pid: number, signal: "SIGINT"): unknown;
}

/** Where no project is named, the working directory is taken, of which nothing is read then. */
export type RunFlags = ConnectionFlags & Partial<Pick<SharedFlags, "dir" | "journal">>;

/** The one place that touches the process. */
export interface Host {
  readonly version: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Connects a command to the machine for the time of `work`. */
  run<Result>(flags: RunFlags, work: (deps: SessionDeps) => Promise<Result>): Promise<Result>;
  /** Prints a result on stdout, which carries nothing else. */
  print(text: string): void;
  /** Tells a person something on stderr, unless `--quiet`. */
  say(line: string, flags: Pick<ConnectionFlags, "quiet">): void;
  /** Tells a person on stderr what needs attention. */
  warn(line: string): void;
  /** Asks a person on the terminal and answers the line that was typed; absent where nobody sits at one. */
  readonly ask?: (question: string) => Promise<string>;
  /** All that comes in on stdin. Rejects with `UsageError` when it is longer. */
  readInput(maxBytes: number): Promise<string>;
  /** Whether stdout is a terminal with colours. */
  readonly colours: boolean;
  /** Columns of stdout; absent when it is no terminal. */
  readonly columns: number | undefined;
  /** Sets the exit code; 0 does not replace an earlier failure. */
  exit(code: number): void;
  close(): void;
}

export function createHost(process: HostProcess, version: string): Host {
  const { env, stdout, stderr } = process;
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) {
      process.exitCode = 130;
      process.off("SIGINT", interrupt);
      process.kill(process.pid, "SIGINT");
      return;
    }
    stderr.write("tidemark: interrupted; finishing what has begun (again to stop at once)\n");
    interruption.abort(new InterruptedError());
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const useColours = (env["NO_COLOR"] ?? "") === "" && stdout.isTTY;

  return {
    version,
    env,
    signal: interruption.signal,
    colours: useColours,
    columns: stdout.isTTY ? stdout.columns : undefined,
    async run(flags, work) {
      const progress = createProgress(stderr, flags);
      try {
        return await withSession(flags, progress, work);
      } finally {
        progress.stop();
      }
    },
    print: (text) => void stdout.write(text),
    say: (line, { quiet }) => void (quiet || stderr.write(`${line}\n`)),
    warn: (line) => void stderr.write(`${line}\n`),
    ...(process.stdin?.isTTY === true && stderr.isTTY ? { ask } : {}),
    readInput,
    exit(code) {
      const isFailed =
        process.exitCode !== undefined && process.exitCode !== null && process.exitCode !== 0;
      if (code !== 0 || !isFailed) process.exitCode = code;
    },
    close() {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };

  /** Answers nothing when the terminal goes away or the run is interrupted. */
  async function ask(question: string): Promise<string> {
    const { createInterface } = await import("node:readline");
    const input = process.stdin ?? Readable.from([]);
    const lines = createInterface({ input, terminal: false });
    const stop = (): void => lines.close();
    interruption.signal.addEventListener("abort", stop);
    const typed = new Promise<string>((resolve) => {
      lines.once("line", resolve).once("close", () => resolve(""));
    });
    stderr.write(`\r\u001B[2K${question} `);
    try {
      return await typed;
    } finally {
      interruption.signal.removeEventListener("abort", stop);
      lines.close();
    }
  }

  async function readInput(maxBytes: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of process.stdin ?? []) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > maxBytes) throw new UsageError(`stdin has more than ${maxBytes} bytes`);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  async function withSession<Result>(
    flags: RunFlags,
    progress: Progress,
    work: (deps: SessionDeps) => Promise<Result>,
  ): Promise<Result> {
    const { openSession } = await import("../compose/session.ts");
    const { readCertificates } = await import("../compose/certificates.ts");
    const report = (event: Event): void => progress.report(event);
    await using session = openSession({
      dir: resolve(flags.dir ?? "."),
      env,
      access: (role) => readRole(flags, role),
      insecure: flags.insecureRegistry,
      skipTlsVerify: flags.skipTlsVerifyRegistry,
      caPem: await readCertificates(flags.registryCaFile),
      dockerConfig: flags.dockerConfig,
      parallel: flags.parallelTasksLimit,
      journal: flags.journal,
      version,
      report,
      signal: interruption.signal,
    });
    return await work(session);
  }
}

/** A person stopped the run. */
class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("interrupted");
  }
}
