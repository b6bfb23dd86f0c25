import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { Command, InvalidArgumentError, Option } from "commander";

import type { CiJob } from "../ci/job.ts";
import type { ShellName } from "../ci/shell.ts";
import { UsageError } from "../commands/error.ts";
import type { LoggedIn } from "../compose/login.ts";
import { applyEnvironment } from "./environment.ts";
import type { Host } from "./host.ts";
import { addLoginOptions, surroundingsOf, warnOfLogin } from "./login-options.ts";
import type { LoginFlags } from "./login-options.ts";

interface CiEnvFlags extends LoginFlags {
  readonly asFile: boolean;
  readonly asEnvFile: boolean;
  readonly outputFilePath?: string;
  readonly shell: ShellName;
  readonly loginToRegistry: boolean;
  readonly useDockerAuthConfig: boolean;
  readonly dir: string;
  readonly config?: string;
}

const SYSTEMS = ["gitlab", "github"] as const;
type System = (typeof SYSTEMS)[number];

export function ciEnvCommand(host: Host): Command {
  const command = new Command("ci-env")
    .summary("set up a CI job: variables, and a docker configuration of its own")
    .description(
      "Makes a docker configuration for this CI job, logs in there to the registry that the system offers, and prints a script that sets what werf and tidemark read.",
    )
    .argument("<system>", `the CI system: ${SYSTEMS.join(" or ")}`)
    .option("--as-file", "write the script into a file and print its path", false)
    .option("--as-env-file", "write NAME=VALUE lines into a file and print its path", false)
    .option("-o, --output-file-path <file>", "write into this file")
    .addOption(
      new Option("--shell <name>", "what runs the script; default: any Unix shell")
        .choices(["default", "cmdexe", "powershell"])
        .default("default"),
    )
    .option(
      "--login-to-registry [bool]",
      "log in to the registry of the CI system",
      parseBoolean,
      true,
    )
    .option(
      "--use-docker-auth-config",
      "make the docker configuration of DOCKER_AUTH_CONFIG",
      false,
    )
    .option("--dir <path>", "project directory, with the configuration", ".")
    .option("--config <file>", "configuration (default: tidemark.yaml, then werf.yaml)");
  return addLoginOptions(command).action(
    async (system: string, _flags: CiEnvFlags, action: Command) => {
      try {
        applyEnvironment(action, host.env);
        host.print(await prepareJob(system, action.opts<CiEnvFlags>(), host));
        host.exit(0);
      } catch (error) {
        const flags = action.opts<CiEnvFlags>();
        if (!goesToFile(flags)) await printFailure(flags, host);
        throw error;
      }
    },
  );
}

/** Answers what to print: the script, or the path of the file that has it. */
async function prepareJob(system: string, flags: CiEnvFlags, host: Host): Promise<string> {
  const { ENV_FILE, SHELLS, UnwritableError } = await import("../ci/shell.ts");
  const { dockerSection } = await import("../ci/job.ts");
  const { writeScript } = await import("../ci/script.ts");
  const { openJobDirectory, writeSecretFile } = await import("../compose/ci-job.ts");
  if (flags.asFile && flags.asEnvFile) {
    throw new UsageError("--as-file and --as-env-file exclude each other; give one");
  }
  const job = await readJob(system, flags, host);
  const { env } = host;
  const form = flags.asEnvFile ? ENV_FILE : SHELLS[flags.shell];
  const directory = await openJobDirectory(
    {
      from: flags.useDockerAuthConfig ? "DOCKER_AUTH_CONFIG" : "docker",
      login: flags.loginToRegistry ? job.login : undefined,
    },
    await surroundingsOf(flags, host),
  );
  tellLogin(job, directory.loggedIn, { flags, host });
  try {
    const sections = [dockerSection(directory.dockerConfig, env), ...job.sections];
    const script = writeScript(sections, form, env);
    if (!goesToFile(flags)) return script;
    const given = flags.outputFilePath;
    const path =
      given === undefined ? join(directory.path, `job${form.extension}`) : resolve(given);
    await writeSecretFile(path, form.start + script);
    return `${path}\n`;
  } catch (error) {
    await rm(directory.path, { recursive: true, force: true });
    throw error instanceof UnwritableError ? new UsageError(error.message) : error;
  }
}

async function readJob(system: string, flags: CiEnvFlags, host: Host): Promise<CiJob> {
  if (!isSystem(system)) {
    throw new UsageError(
      `${JSON.stringify(system)} is no CI system known here; known are ${SYSTEMS.join(" and ")}`,
    );
  }
  const { env } = host;
  const { ciSystemOf } = await import("../ci/system.ts");
  if (ciSystemOf(env) !== system) {
    host.warn(`warning: this is no job of ${system}, as far as its variables tell`);
  }
  if (system === "gitlab") {
    const { gitlabJob } = await import("../ci/gitlab-job.ts");
    return gitlabJob(env);
  }
  const { githubJob, needsProject } = await import("../ci/github-job.ts");
  return githubJob(env, needsProject(env) ? await projectOf(flags, host) : undefined);
}

function isSystem(text: string): text is System {
  return SYSTEMS.some((system) => system === text);
}

/** `undefined`, and a warning, where there is no configuration. */
async function projectOf(flags: CiEnvFlags, host: Host): Promise<string | undefined> {
  const { loadConfigIfAny } = await import("../config/load.ts");
  const config = await loadConfigIfAny({ dir: resolve(flags.dir), path: flags.config });
  if (config === undefined) {
    host.warn(
      "warning: no configuration names the project, so WERF_REPO is left out; set it yourself",
    );
  }
  return config?.project;
}

function tellLogin(
  { login, withoutLogin }: CiJob,
  loggedIn: LoggedIn | undefined,
  { flags, host }: { readonly flags: CiEnvFlags; readonly host: Host },
): void {
  if (!flags.loginToRegistry) return;
  if (login === undefined || loggedIn === undefined) {
    host.warn(`warning: ${withoutLogin}`);
    return;
  }
  host.say(`logged in to ${login.host} as ${login.username}`, flags);
  warnOfLogin(login.host, loggedIn, host);
  const { program } = loggedIn.place;
  if (program !== undefined) {
    host.warn(`warning: ${program} keeps this login, which all jobs of this machine share`);
  }
}

function goesToFile({ asFile, asEnvFile, outputFilePath }: CiEnvFlags): boolean {
  return asFile || asEnvFile || outputFilePath !== undefined;
}

/** Who runs what is printed must not go on. */
async function printFailure({ shell }: CiEnvFlags, host: Host): Promise<void> {
  const { SHELLS } = await import("../ci/shell.ts");
  host.print(SHELLS[shell].fail + SHELLS[shell].lineEnd);
}

function parseBoolean(text: string): boolean {
  const word = text.toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) return true;
  if (["false", "0", "no", "off"].includes(word)) return false;
  throw new InvalidArgumentError("Write true or false.");
}
