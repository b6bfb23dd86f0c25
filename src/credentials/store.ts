import { join } from "node:path";

import { parseConfigFile } from "./config-file.ts";
import { dockerConfigDirectory, readIfThere } from "./config-files.ts";
import type { ConfigDirectoryOptions } from "./config-files.ts";
import { withEntry, withoutEntry } from "./config-text.ts";
import type { WrittenEntry } from "./config-text.ts";
import { CredentialsError } from "./error.ts";
import { DEFAULT_HELPER_TIMEOUT_MS, runHelper } from "./helper-program.ts";
import { helperServer, normalizeKey } from "./host-key.ts";
import { TOKEN_USER } from "./login.ts";
import type { Login } from "./login.ts";
import { replaceFile } from "./replace-file.ts";
import type { LockFile } from "./replace-file.ts";

export interface StoreOptions extends ConfigDirectoryOptions {
  readonly lock: LockFile;
  /** Milliseconds a helper may take; default 60 s. */
  readonly helperTimeoutMs?: number;
}

/** Where the credentials of a host are kept. */
export interface Place {
  /** The `config.json`. */
  readonly path: string;
  /** The program that keeps them, `docker-credential-…`; absent: the file itself. */
  readonly program?: string;
}

/**
 * Keeps a login as docker does: in the helper that docker's `config.json` names for the host, else for all hosts, else in
 * that file. What the file had of the host is replaced. Rejects with `CredentialsError`; a secret is in no message.
 */
export async function storeLogin(
  host: string,
  login: Login,
  options: StoreOptions,
): Promise<Place> {
  const { path, suffix } = await findPlace(host, options);
  if (suffix !== undefined) {
    const [username, secret] = pairOf(login);
    const input = { ServerURL: helperServer(host), Username: username, Secret: secret };
    await runHelper(callOf(host, suffix, options), "store", {
      text: JSON.stringify(input),
      secret,
    });
  }
  // With a helper, docker leaves an empty entry: it tells who lists them which hosts there are.
  const entry = suffix === undefined ? entryOf(login) : {};
  await replaceFile(path, options.lock, (text) => withEntry({ text, source: path }, host, entry));
  return placeOf(path, suffix);
}

/**
 * Forgets what is kept for a host, and answers where that was; `undefined` when there was nothing. What is kept for a
 * namespace of the host stays. Rejects with `CredentialsError`.
 */
export async function eraseLogin(host: string, options: StoreOptions): Promise<Place | undefined> {
  const { path, text: before, suffix } = await findPlace(host, options);
  const without = (text: string | undefined) => withoutEntry({ text, source: path }, host);
  const wasInFile = without(before) !== undefined;
  if (wasInFile) await replaceFile(path, options.lock, without);
  const erased =
    suffix === undefined
      ? undefined
      : await runHelper(callOf(host, suffix, options), "erase", { text: helperServer(host) });
  return wasInFile || erased !== undefined ? placeOf(path, suffix) : undefined;
}

/** Whether `DOCKER_AUTH_CONFIG` has an entry for a host. One that cannot be read has none. */
export function isShadowed(host: string, env: StoreOptions["env"]): boolean {
  try {
    const file = parseConfigFile(env[VARIABLE] || "{}", VARIABLE);
    return file.auths.has(normalizeKey(host));
  } catch (error) {
    if (error instanceof CredentialsError) return false;
    throw error;
  }
}

/** It is read before every file. */
const VARIABLE = "DOCKER_AUTH_CONFIG";

interface Found {
  readonly path: string;
  /** Of the file; `undefined` when it is absent or empty. */
  readonly text: string | undefined;
  /** Of the helper's program. */
  readonly suffix: string | undefined;
}

async function findPlace(host: string, options: StoreOptions): Promise<Found> {
  const path = join(dockerConfigDirectory(options), "config.json");
  const text = await readIfThere(path);
  if (text === undefined || text.trim() === "") return { path, text: undefined, suffix: undefined };
  const file = parseConfigFile(text, path);
  const suffix = file.helpers.get(normalizeKey(host)) ?? file.defaultHelper;
  return { path, text, suffix };
}

function placeOf(path: string, suffix: string | undefined): Place {
  return suffix === undefined ? { path } : { path, program: `docker-credential-${suffix}` };
}

function callOf(host: string, suffix: string, { env, helperTimeoutMs }: StoreOptions) {
  const timeoutMs = helperTimeoutMs ?? DEFAULT_HELPER_TIMEOUT_MS;
  return { suffix, server: helperServer(host), env, timeoutMs };
}

function pairOf(login: Login): readonly [username: string, secret: string] {
  return login.kind === "password" ? [login.username, login.password] : [TOKEN_USER, login.token];
}

/** Beside an identity token, `auth` names the user alone; readers that know no such token skip an entry without it. */
function entryOf(login: Login): WrittenEntry {
  if (login.kind === "password") return { auth: base64(`${login.username}:${login.password}`) };
  return { auth: base64(`${login.username ?? TOKEN_USER}:`), identitytoken: login.token };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
