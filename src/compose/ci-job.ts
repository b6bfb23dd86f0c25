import { mkdtemp, open, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { CiLogin } from "../ci/job.ts";
import { UsageError } from "../commands/error.ts";
import { makeJobConfig } from "../credentials/job-config.ts";
import { lockPatiently, logIn } from "./login.ts";
import type { LoggedIn, LoginSurroundings } from "./login.ts";

export interface JobDirectory {
  /** For what is made for the job; only its owner may read it. */
  readonly path: string;
  /** Directory of the job's own docker configuration. */
  readonly dockerConfig: string;
  /** Absent: nothing was logged in. */
  readonly loggedIn?: LoggedIn;
}

export interface JobRequest {
  readonly from: "docker" | "DOCKER_AUTH_CONFIG";
  readonly login: CiLogin | undefined;
}

/**
 * Makes a directory with a docker configuration for one job, and logs in there. Where that fails, nothing of it stays.
 * Rejects with `CredentialsError` or `RegistryError`.
 */
export async function openJobDirectory(
  { from, login }: JobRequest,
  surroundings: LoginSurroundings,
): Promise<JobDirectory> {
  const { env, signal, dockerConfig: dockerConfigDir } = surroundings;
  const path = await makeDirectory(temporaryDirectory(env));
  const dockerConfig = join(path, "docker");
  try {
    await makeJobConfig(dockerConfig, {
      env,
      homeDir: env["HOME"] ?? homedir(),
      ...(dockerConfigDir === undefined ? {} : { dockerConfigDir }),
      from,
      lock: lockPatiently(signal),
    });
    if (login === undefined) return { path, dockerConfig };
    const { host, username, password } = login;
    const credentials = { kind: "password", username, password } as const;
    const loggedIn = await logIn(host, credentials, { ...surroundings, dockerConfig });
    return { path, dockerConfig, loggedIn };
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** Writes a file for its owner's eyes only, in place of one that is there. Rejects with `UsageError`. */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  try {
    await using file = await open(path, "w", 0o600);
    if ((await file.stat()).isFile()) await file.chmod(0o600);
    await file.writeFile(text);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${codeOf(error)}; name another with -o`, {
      cause: error,
    });
  }
}

async function makeDirectory(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, "tidemark-ci-"));
  } catch (error) {
    throw new UsageError(
      `no directory can be made in ${parent}: ${codeOf(error)}; set TMPDIR to one that can be written`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Where the runner keeps what goes with the job, else where the system does. */
function temporaryDirectory(env: LoginSurroundings["env"]): string {
  const [given] = [env["RUNNER_TEMP"], env["TMPDIR"]].filter((path) => (path ?? "") !== "");
  return given ?? tmpdir();
}
