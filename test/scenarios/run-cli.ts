import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { GIT_ENV } from "./git.ts";
import type { CliProcess } from "./cli-process.ts";

const CLI = resolve("bin/tidemark.js");

/** As far as a scenario looks at it. */
const Report = z.object({
  schema: z.literal(1),
  kept: z.array(z.object({ tag: z.string(), reasons: z.array(z.object({ kind: z.string() })) })),
  deleted: z.array(z.object({ tag: z.string().optional() })),
  failed: z.array(z.object({ tag: z.string().optional(), message: z.string() })).default([]),
  skipped: z
    .array(
      z.object({ tag: z.string().optional(), why: z.string(), message: z.string().optional() }),
    )
    .default([]),
  warnings: z.array(z.unknown()),
});

/** A report on several repositories, and one on something else than what stays and goes. */
const Printed = z.union([
  Report,
  z
    .object({
      schema: z.literal(1),
      repositories: z.tuple([Report.omit({ schema: true })], Report.omit({ schema: true })),
    })
    .transform(({ schema, repositories: [first] }): Report => ({ schema, ...first })),
  z
    .object({ schema: z.literal(1), command: z.literal("restore") })
    .transform(({ schema }): Report => ({
      schema,
      kept: [],
      deleted: [],
      failed: [],
      skipped: [],
      warnings: [],
    })),
]);

export type Report = z.infer<typeof Report>;

export interface CliRun {
  /** `undefined` when a signal ended it. */
  readonly exit: number | undefined;
  /** Absent when the run printed none. */
  readonly report: Report | undefined;
  /** Everything it printed. */
  readonly output: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Runs the command line for a user who has nothing, and whose home lies in `root`; `more` is added to the environment. */
export type RunCli = (
  root: string,
  args: readonly string[],
  more?: Readonly<Record<string, string>>,
) => Promise<CliRun>;

/** Runs the command line in a child process that knows nothing of this machine and its user. */
export const runCli: RunCli = async (root, args, more = {}) => {
  const env = await makeHome(root, more);
  const startedAt = Date.now();
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: env["HOME"],
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => out.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => err.push(chunk));
  const exit = await new Promise<number | undefined>((settle, reject) => {
    child.on("error", reject);
    child.on("close", (code) => settle(code ?? undefined));
  });
  return runOf({
    exit,
    stdout: Buffer.concat(out).toString("utf8"),
    stderr: Buffer.concat(err).toString("utf8"),
    startedAt,
  });
};

/** Runs the command line in a process that is there already, which starts it in a fraction of the time: for scenarios that are many. */
export function runCliBy(cliProcess: CliProcess): RunCli {
  return async (root, args, more = {}) => {
    const env = await makeHome(root, more);
    const startedAt = Date.now();
    const {
      exit,
      stdout = "",
      stderr = "",
    } = await cliProcess.run({
      kind: "cli",
      args: [...args],
      env,
    });
    return runOf({ exit, stdout, stderr, startedAt });
  };
}

async function makeHome(
  root: string,
  more: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const home = join(root, "home");
  const certificates = join(root, "no-certificates");
  for (const dir of [home, certificates]) await mkdir(dir, { recursive: true });
  return {
    ...GIT_ENV,
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    NO_COLOR: "1",
    // The authorities of this machine take a tenth of a run's time to read.
    SSL_CERT_FILE: "/dev/null",
    SSL_CERT_DIR: certificates,
    ...more,
  };
}

function runOf({
  exit,
  stdout,
  stderr,
  startedAt,
}: {
  readonly exit: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAt: number;
}): CliRun {
  const report = stdout.trim() === "" ? undefined : reportOf(stdout);
  return { exit, report, output: `${stdout}\n${stderr}`, startedAt, endedAt: Date.now() };
}

/** What `--output json` printed; of several repositories, about the first one, which is the primary. */
export function reportOf(stdout: string): Report {
  return Printed.parse(JSON.parse(stdout));
}
