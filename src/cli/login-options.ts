import type { Command } from "commander";

import type { Environment } from "../compose/environment.ts";
import type { LoggedIn, LoginSurroundings } from "../compose/login.ts";
import { applyEnvironment } from "./environment.ts";
import type { Host } from "./host.ts";
import { createProgress } from "./progress.ts";

/** Options of every command that logs in. */
export interface LoginFlags {
  readonly dockerConfig?: string;
  readonly insecureRegistry: boolean;
  readonly skipTlsVerifyRegistry: boolean;
  readonly registryCaFile?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Adds them, and lets variables fill in what the command line leaves out. */
export function withLoginOptions(command: Command, env: Environment): Command {
  return addLoginOptions(command).hook("preAction", (_, action) => applyEnvironment(action, env));
}

/** Adds them. */
export function addLoginOptions(command: Command): Command {
  return command
    .option("--docker-config <dir>", "directory of docker's config.json")
    .option("--insecure-registry", "allow plain HTTP", false)
    .option("--skip-tls-verify-registry", "accept any certificate", false)
    .option("--registry-ca-file <file>", "certificates in PEM to trust besides the system's")
    .option("--quiet", "no progress on stderr", false)
    .option("--verbose", "every retry and wait on stderr", false);
}

/** Rejects with `UsageError` for a file of certificates that cannot be read. */
export async function surroundingsOf(flags: LoginFlags, host: Host): Promise<LoginSurroundings> {
  const { readCertificates } = await import("../compose/certificates.ts");
  const stderr = {
    isTTY: false,
    columns: 0,
    write: (text: string) => host.warn(text.replace(/\n$/, "")),
  };
  return {
    env: host.env,
    dockerConfig: flags.dockerConfig,
    insecure: flags.insecureRegistry,
    skipTlsVerify: flags.skipTlsVerifyRegistry,
    caPem: await readCertificates(flags.registryCaFile),
    version: host.version,
    report: createProgress(stderr, flags).report,
    signal: host.signal,
  };
}

/** Says what a person should know of a login that is stored. */
export function warnOfLogin(
  registry: string,
  { isChecked, isShadowed }: LoggedIn,
  { warn }: Pick<Host, "warn">,
): void {
  if (!isChecked) {
    warn(`warning: ${registry} asks nobody for credentials, so they may be wrong`);
  }
  if (isShadowed) {
    warn(
      `warning: DOCKER_AUTH_CONFIG has credentials for ${registry} too, which are used before these`,
    );
  }
}
