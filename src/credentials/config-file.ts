import type { Credentials } from "../registry/adapter.ts";
import { CredentialsError } from "./error.ts";
import { normalizeKey } from "./host-key.ts";
import { TOKEN_USER } from "./login.ts";

/**
 * A docker `config.json` or a containers `auth.json`, as far as credentials go.
 *
 * Keys are normalised by `normalizeKey`. Source: docker/cli, config files; containers-auth.json(5).
 */
export interface ConfigFile {
  /** What messages call it: its path, or the variable it came from. */
  readonly source: string;
  readonly auths: ReadonlyMap<string, AuthEntry>;
  /** Suffix of `docker-credential-<suffix>` by key. */
  readonly helpers: ReadonlyMap<string, string>;
  /** Helper for every key that has none of its own. */
  readonly defaultHelper: string | undefined;
}

/** An entry under `auths`; empty when the credentials are in a helper. */
export interface AuthEntry {
  /** Base64 of `user:password`. */
  readonly auth: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly identityToken: string | undefined;
  readonly registryToken: string | undefined;
}

/** Reads a file's text. Fields nobody here knows are left alone. Throws `CredentialsError`. */
export function parseConfigFile(text: string, source: string): ConfigFile {
  const json = parseObject(text, source);
  const auths = objectField(json, "auths", source);
  const helpers = objectField(json, "credHelpers", source);
  return {
    source,
    auths: new Map(
      Object.entries(auths).flatMap(([key, entry]) =>
        isObject(entry) ? [[normalizeKey(key), readEntry(entry)]] : [],
      ),
    ),
    helpers: new Map(
      Object.entries(helpers).flatMap(([key, suffix]) =>
        typeof suffix === "string" && suffix !== "" ? [[normalizeKey(key), suffix]] : [],
      ),
    ),
    defaultHelper: textField(json, "credsStore"),
  };
}

/** What an entry holds, or `undefined` when it is empty. Throws `CredentialsError` for an `auth` that is none. */
export function entryCredentials(
  entry: AuthEntry,
  { source, key }: { readonly source: string; readonly key: string },
): Credentials | undefined {
  const { auth, username, password, identityToken, registryToken } = entry;
  if (registryToken !== undefined) return { kind: "bearer-token", token: registryToken };
  if (identityToken !== undefined) return { kind: "identity-token", token: identityToken };
  if (auth !== undefined) return decodeAuth(auth, source, key);
  if (username === undefined || password === undefined) return undefined;
  return passwordOrToken(username, password);
}

/** A user named `<token>` has an identity token for a password. Source: docker-credential-helpers. */
export function passwordOrToken(username: string, password: string): Credentials {
  return username === TOKEN_USER
    ? { kind: "identity-token", token: password }
    : { kind: "password", username, password };
}

function decodeAuth(auth: string, source: string, key: string): Credentials {
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(auth.trim());
  const pair = isBase64 ? Buffer.from(auth.trim(), "base64").toString("utf8") : "";
  const colon = pair.indexOf(":");
  if (colon < 1) {
    throw new CredentialsError(`${source}: "auth" of ${key} is not the base64 of user:password`);
  }
  // Some writers end the password with NUL characters, as docker itself does away with.
  return passwordOrToken(pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, ""));
}

function readEntry(entry: Record<string, unknown>): AuthEntry {
  return {
    auth: textField(entry, "auth"),
    username: textField(entry, "username"),
    password: textField(entry, "password"),
    identityToken: textField(entry, "identitytoken"),
    registryToken: textField(entry, "registrytoken"),
  };
}

/** Never quotes the text: the parser's own message would show a piece of it, and that may be a secret. */
function parseObject(text: string, source: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new CredentialsError(`${source} is not JSON`);
  }
  if (!isObject(json)) throw new CredentialsError(`${source} is not a JSON object`);
  return json;
}

function objectField(
  json: Record<string, unknown>,
  name: string,
  source: string,
): Record<string, unknown> {
  const value = json[name];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new CredentialsError(`${source}: "${name}" is not an object`);
  return value;
}

function textField(json: Record<string, unknown>, name: string): string | undefined {
  const value = json[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
