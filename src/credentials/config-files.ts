import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseConfigFile } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { CredentialsError } from "./error.ts";

export interface ConfigDirectoryOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** Directory with a `config.json`; wins over `DOCKER_CONFIG`. */
  readonly dockerConfigDir?: string;
}

export interface ConfigFileOptions extends ConfigDirectoryOptions {
  /** What people should know although nothing failed: one line. */
  readonly warn: (message: string) => void;
}

/**
 * The files that may hold credentials, in the order they are asked: `DOCKER_AUTH_CONFIG`, docker's
 * `config.json`, the containers `auth.json`. A file that is not there is left out. Rejects with `CredentialsError`
 * for one that cannot be read; a variable that cannot is a warning, as it is for docker.
 */
export async function readConfigFiles(options: ConfigFileOptions): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = [];
  const docker = join(dockerConfigDirectory(options), "config.json");
  for (const path of [docker, ...(await authFilePath(options))]) {
    const content = await readIfThere(path);
    if (content !== undefined && content.trim() !== "") files.push(parseConfigFile(content, path));
  }
  const variable = fromVariable(options);
  return variable === undefined ? files : [variable, ...files];
}

/** Where docker keeps its configuration. */
export function dockerConfigDirectory(options: ConfigDirectoryOptions): string {
  const { env, homeDir, dockerConfigDir } = options;
  return dockerConfigDir ?? text(env["DOCKER_CONFIG"]) ?? join(homeDir, ".docker");
}

function fromVariable({ env, warn }: ConfigFileOptions): ConfigFile | undefined {
  const content = text(env["DOCKER_AUTH_CONFIG"]);
  if (content === undefined) return undefined;
  try {
    return parseConfigFile(content, "DOCKER_AUTH_CONFIG");
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    warn(`${error.message}; it is ignored`);
    return undefined;
  }
}

/** The one `auth.json` that counts: the one named, else the first that is there. Source: containers-auth.json(5). */
async function authFilePath({ env, homeDir }: ConfigFileOptions): Promise<readonly string[]> {
  const named = text(env["REGISTRY_AUTH_FILE"]);
  if (named !== undefined) return [named];
  const dirs = [
    text(env["XDG_RUNTIME_DIR"]),
    text(env["XDG_CONFIG_HOME"]) ?? join(homeDir, ".config"),
  ].filter((dir) => dir !== undefined);
  for (const dir of dirs) {
    const path = join(dir, "containers", "auth.json");
    if ((await readIfThere(path)) !== undefined) return [path];
  }
  return [];
}

/** Rejects with `CredentialsError`. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CredentialsError(`cannot read ${path}: ${reason}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ENOENT" || error.code === "ENOTDIR";
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
