import { homedir } from "node:os";

import { CredentialsError } from "../credentials/error.ts";
import { apiHost } from "../credentials/host-key.ts";
import type { Login } from "../credentials/login.ts";
import type { LockFile } from "../credentials/replace-file.ts";
import { eraseLogin, isShadowed, storeLogin } from "../credentials/store.ts";
import type { Place, StoreOptions } from "../credentials/store.ts";
import { tryLogin } from "../distribution/login.ts";
import type { LoginAnswer } from "../distribution/login.ts";
import type { Event } from "../events/event.ts";
import { openHttpClient } from "../http/open-client.ts";
import { sleep } from "../http/sleep.ts";
import { openFileLocks } from "../locks/local/file-locks.ts";
import type { FileLock } from "../locks/local/file-locks.ts";
import type { Environment } from "./environment.ts";

/** What a login is told about its surroundings, everything resolved. */
export interface LoginSurroundings {
  readonly env: Environment;
  /** Directory of the docker configuration. */
  readonly dockerConfig: string | undefined;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly skipTlsVerify: boolean;
  /** Certificates in PEM, trusted besides the system's. */
  readonly caPem: string | undefined;
  readonly version: string;
  readonly report: (event: Event) => void;
  readonly signal: AbortSignal;
}

export interface LoggedIn extends Pick<LoginAnswer, "isChecked"> {
  readonly place: Place;
  /** Whether `DOCKER_AUTH_CONFIG` has credentials for the host too: they are used before those that are stored. */
  readonly isShadowed: boolean;
}

/**
 * Tries a login on its registry, and stores it when it is good: the identity token in place of the password, where the
 * registry issues one. Rejects with `RegistryError` or `CredentialsError`; nothing is stored then.
 */
export async function logIn(
  host: string,
  login: Login,
  surroundings: LoginSurroundings,
): Promise<LoggedIn> {
  const { isChecked, identityToken } = await tryOn(host, login, surroundings);
  const stored = identityToken === undefined ? login : tokenOf(login, identityToken);
  const place = await storeLogin(host, stored, storeOptions(surroundings));
  return { isChecked, place, isShadowed: isShadowed(host, surroundings.env) };
}

/** Forgets a login; `undefined` when there was none. Rejects with `CredentialsError`. */
export function logOut(
  host: string,
  surroundings: Pick<LoginSurroundings, "env" | "dockerConfig" | "signal">,
): Promise<Place | undefined> {
  return eraseLogin(host, storeOptions(surroundings));
}

async function tryOn(
  host: string,
  login: Login,
  { version, caPem, skipTlsVerify, insecure, report, signal }: LoginSurroundings,
): Promise<LoginAnswer> {
  await using http = openHttpClient({
    userAgent: `tidemark/${version}`,
    ...(caPem === undefined ? {} : { caPem }),
    skipTlsVerify,
    report,
  });
  const credentials: Login =
    login.kind === "password" ? login : { kind: "identity-token", token: login.token };
  return await tryLogin({ host, apiHost: apiHost(host), http, insecure, credentials, signal });
}

function tokenOf(login: Login, token: string): Login {
  const { username } = login;
  return { kind: "identity-token", token, ...(username === undefined ? {} : { username }) };
}

function storeOptions({
  env,
  dockerConfig,
  signal,
}: Pick<LoginSurroundings, "env" | "dockerConfig" | "signal">): StoreOptions {
  return {
    env,
    homeDir: env["HOME"] ?? homedir(),
    ...(dockerConfig === undefined ? {} : { dockerConfigDir: dockerConfig }),
    lock: lockPatiently(signal),
  };
}

/** Others hold such a lock for as long as a small file takes to be written. Milliseconds. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** A lock that is free again when its holder dies. Rejects with `CredentialsError` after a minute of waiting. */
export function lockPatiently(signal: AbortSignal): LockFile {
  return async (path) => {
    const until = performance.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const lock = await tryLock(path);
      if (lock !== undefined) return lock;
      if (performance.now() > until) {
        throw new CredentialsError(`${path} is locked by another process, still after a minute`);
      }
      await sleep(pause * (0.5 + Math.random() / 2), signal);
    }
  };
}

async function tryLock(path: string): Promise<FileLock | undefined> {
  try {
    const tryFileLock = await openFileLocks();
    return await tryFileLock(path, { shared: false });
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new CredentialsError(
      `cannot lock ${path}: ${why}; name a directory that can be written, on a file system with locks, with --docker-config`,
      { cause: error },
    );
  }
}
