import type { Dirent } from "node:fs";
import { copyFile, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { parseConfigFile } from "./config-file.ts";
import { dockerConfigDirectory, readIfThere } from "./config-files.ts";
import type { ConfigDirectoryOptions } from "./config-files.ts";
import { CredentialsError } from "./error.ts";
import { replaceFile } from "./replace-file.ts";
import type { LockFile } from "./replace-file.ts";

const FILE = "config.json";

/**
 * Makes a docker configuration directory for one job, which may change it without being in the way of others: a copy of
 * the one that docker uses, with what is beside `config.json` (contexts, plugins, builders), or one made of
 * `DOCKER_AUTH_CONFIG` alone. Rejects with `CredentialsError`.
 *
 * @param directory Is made; only its owner may read it.
 */
export async function makeJobConfig(
  directory: string,
  options: ConfigDirectoryOptions & {
    readonly from: "docker" | "DOCKER_AUTH_CONFIG";
    readonly lock: LockFile;
  },
): Promise<void> {
  const { from, env, lock } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (from === "docker") await copyOthers(resolve(dockerConfigDirectory(options)), directory);
  const text =
    from === "docker"
      ? await readIfThere(join(dockerConfigDirectory(options), FILE))
      : env["DOCKER_AUTH_CONFIG"];
  if (text === undefined || text.trim() === "") {
    if (from === "docker") return;
    throw new CredentialsError(
      "DOCKER_AUTH_CONFIG is not set, and the configuration is to be made of it",
    );
  }
  parseConfigFile(text, from === "docker" ? join(dockerConfigDirectory(options), FILE) : from);
  await replaceFile(join(directory, FILE), lock, () => text);
}

/** Directories and files; links stay links to what they name. Sockets and the like belong to who opened them. */
async function copyOthers(from: string, to: string): Promise<void> {
  for (const entry of await entriesOf(from)) {
    if (entry.name.startsWith(FILE)) continue;
    const source = join(from, entry.name);
    try {
      await copyEntry(entry, source, join(to, entry.name));
    } catch (error) {
      if (error instanceof CredentialsError || !(error instanceof Error)) throw error;
      throw new CredentialsError(`cannot copy ${source}: ${error.message}`, { cause: error });
    }
  }
}

async function copyEntry(entry: Dirent, source: string, target: string): Promise<void> {
  if (entry.isSymbolicLink()) {
    await symlink(resolve(dirname(source), await readlink(source)), target);
  } else if (entry.isFile()) {
    await copyFile(source, target);
  } else if (entry.isDirectory()) {
    await mkdir(target, { mode: 0o700 });
    await copyOthers(source, target);
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new CredentialsError(`cannot read ${directory}: ${String(error)}`, { cause: error });
  }
}
