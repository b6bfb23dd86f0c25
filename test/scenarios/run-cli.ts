import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { GIT_ENV } from "./git.ts";

const CLI = resolve("bin/tidemark.js");

/** As far as a scenario looks at it. */
const Report = z.object({
  schema: z.literal(1),
  kept: z.array(z.object({ tag: z.string(), reasons: z.array(z.object({ kind: z.string() })) })),
  deleted: z.array(z.object({ tag: z.string() })),
  warnings: z.array(z.unknown()),
});

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

/** Runs the command line in a child process that knows nothing of this machine and its user, but for what `more` adds. */
export async function runCli(
  root: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const home = join(root, "home");
  const certificates = join(root, "no-certificates");
  for (const dir of [home, certificates]) await mkdir(dir, { recursive: true });
  const startedAt = Date.now();
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: home,
    env: {
      ...GIT_ENV,
      HOME: home,
      XDG_STATE_HOME: join(home, "state"),
      NO_COLOR: "1",
      // The authorities of this machine take a tenth of a run's time to read.
      SSL_CERT_FILE: "/dev/null",
      SSL_CERT_DIR: certificates,
      ...more,
    },
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
  const stdout = Buffer.concat(out).toString("utf8");
  const stderr = Buffer.concat(err).toString("utf8");
  const report = stdout.trim() === "" ? undefined : reportOf(stdout);
  return { exit, report, output: `${stdout}\n${stderr}`, startedAt, endedAt: Date.now() };
}

/** What `--output json` printed. */
export function reportOf(stdout: string): Report {
  return Report.parse(JSON.parse(stdout));
}
