import { join } from "node:path";
import { z } from "zod";
import type { Backend, SeedRepository } from "../scenarios/backend.ts";
import type { CliProcess } from "../scenarios/cli-process.ts";
import { GIT_ENV } from "../scenarios/git.ts";
import { reportOf } from "../scenarios/run-cli.ts";
import type { Project } from "./project.ts";

/** How one run ended. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One side of a migration. */
export interface Side {
  readonly backend: Pick<Backend, "access">;
  readonly repository: SeedRepository;
}

/** What a run sent, as it tells it. */
const Sent = z.object({
  counts: z.object({
    blobsSent: z.int(),
    bytesSent: z.int(),
    blobsMounted: z.int(),
    manifestsSent: z.int(),
    copiedByServer: z.int(),
  }),
  requests: z.object({ PUT: z.int(), PATCH: z.int(), DELETE: z.int() }),
});

const Result = z
  .object({
    schema: z.literal(1),
    counts: Sent.shape.counts,
    summary: z.object({ requests: Sent.shape.requests }),
  })
  .transform(({ counts, summary: { requests } }): Sent => ({ counts, requests }));

export type Sent = z.infer<typeof Sent>;

/** Of a run that had nothing to do. */
export const NOTHING_SENT: Sent = {
  counts: { blobsSent: 0, bytesSent: 0, blobsMounted: 0, manifestsSent: 0, copiedByServer: 0 },
  requests: { PUT: 0, PATCH: 0, DELETE: 0 },
};

/** Runs the command line for a project, in a process that is there already. */
export interface CommandLine {
  migrate(from: Side, to: Side, more?: readonly string[]): Promise<Ran>;
  /** Runs a cleanup; a guard may keep it from anything. */
  cleanUp(side: Side): Promise<CleanedUp>;
  /** Tags that a cleanup would keep and those it would take, sorted. */
  planCleanup(side: Side): Promise<CleanupPlan>;
}

export interface CleanedUp {
  readonly wasGuarded: boolean;
  /** All that it said when it ended neither well nor by a guard; else nothing. */
  readonly complaint: string;
}

/** Exit code of a run that a guard refused before it took anything. */
const GUARDED = 4;

export interface CleanupPlan {
  readonly kept: readonly string[];
  readonly deleted: readonly string[];
}

export function commandLine(cliProcess: CliProcess, { root, clone }: Project): CommandLine {
  return {
    migrate: (from, to, more = []) =>
      run(["migrate", ...migrationArguments(from, to), "--dir", clone, ...more], {
        ...from.backend.access?.env,
        ...to.backend.access?.env,
      }),
    async cleanUp(side) {
      const ran = await cleanup(side);
      const wasGuarded = ran.exit === GUARDED;
      return { wasGuarded, complaint: wasGuarded ? "" : complaintOf(ran) };
    },
    async planCleanup(side) {
      const { exit, stdout, stderr } = await cleanup(side, ["--dry-run"]);
      if (exit !== 0) throw new Error(`cleanup ended with ${exit}: ${stderr}`);
      const { kept, deleted } = reportOf(stdout);
      return {
        kept: kept.map(({ tag }) => tag).toSorted(),
        deleted: deleted.flatMap(({ tag }) => tag ?? []).toSorted(),
      };
    },
  };

  function cleanup(side: Side, more: readonly string[] = []): Promise<Ran> {
    const where = ["--repo", side.repository.address, ...accessOf(side, "repo")];
    const how = ["--dir", clone, "--without-kube", "--output", "json", "--quiet"];
    // Many registries tell when they were given something, and what is young stays.
    const age = ["--keep-stages-built-within-last-n-hours", "0"];
    const { env } = side.backend.access ?? {};
    return run(["cleanup", ...where, ...how, ...age, ...more], env);
  }

  async function run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ran> {
    const {
      exit = 70,
      stdout = "",
      stderr = "",
    } = await cliProcess.run({
      kind: "cli",
      args: [...args],
      env: { ...homeIn(root), ...env },
    });
    return { exit, stdout, stderr };
  }
}

/** What names both sides on the command line. */
export function migrationArguments(from: Side, to: Side): readonly string[] {
  return [
    "--from",
    from.repository.address,
    ...accessOf(from, "from"),
    "--to",
    to.repository.address,
    ...accessOf(to, "to"),
    "--output",
    "json",
    "--quiet",
  ];
}

/** What a run told that it sent. Throws with all it said when it told nothing. */
export function sentBy({ stdout, stderr, exit }: Ran): Sent {
  if (stdout === "") throw new Error(`it ended with ${exit}: ${stderr}`);
  return Result.parse(JSON.parse(stdout));
}

/** All that a run said when it did not end well; else nothing. */
export function complaintOf({ exit, stdout, stderr }: Ran): string {
  return exit === 0 ? "" : `it ended with ${exit}: ${stderr}\n${stdout}`;
}

/** The environment of a user who has nothing, and whose home lies in `root`. */
export function homeIn(root: string): Readonly<Record<string, string>> {
  const home = join(root, "home");
  return {
    ...GIT_ENV,
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    NO_COLOR: "1",
    // The authorities of this machine take a tenth of a run's time to read.
    SSL_CERT_FILE: "/dev/null",
  };
}

/** How the command line gets into one side; a backend knows it for the role `repo`. */
function accessOf({ backend }: Side, role: string): readonly string[] {
  const { args } = backend.access ?? { args: ["--insecure-registry"] };
  return args.map((argument) => argument.replace(/^--repo-/, `--${role}-`));
}
