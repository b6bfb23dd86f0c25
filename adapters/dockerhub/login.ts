import type { AdapterOptionValues, Credentials } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** How the Hub API is entered. */
export type HubLogin =
  /** Exchanged for a JWT, as often as it takes. `secret`: a password, a personal or an organisation access token. */
  | { readonly kind: "secret"; readonly identifier: string; readonly secret: string }
  /** Made by someone else: it cannot be renewed. */
  | ReadyToken;

export interface ReadyToken {
  readonly kind: "jwt";
  readonly token: string;
  /** Absent where the token does not tell. */
  readonly username?: string;
  /** Milliseconds since the epoch. Absent where the token does not tell. */
  readonly expiresAt?: number;
}

/** What the options say. */
export interface GivenLogins {
  /** For the Hub API. Absent: what docker's configuration holds for the registry. */
  readonly api?: HubLogin;
  /** For `/v2/`. Absent: as above. */
  readonly registry?: Credentials;
}

/** Reads the options. Throws `RegistryError` (`invalid`) where they do not fit together. */
export function readLogins(host: string, options: AdapterOptionValues): GivenLogins {
  const username = options["docker-hub-username"];
  const password = options["docker-hub-password"];
  const token = options["docker-hub-token"];
  const ready = token === undefined ? undefined : readJwt(token);
  if (token !== undefined && ready === undefined && username === undefined) {
    throw unusable(host, "docker-hub-token holds an access token, which needs docker-hub-username");
  }
  if (password !== undefined && username === undefined) {
    throw unusable(host, "docker-hub-password needs docker-hub-username");
  }
  if (username !== undefined && password === undefined && token === undefined) {
    throw unusable(host, "docker-hub-username needs docker-hub-password or docker-hub-token");
  }
  const secret = ready === undefined ? (token ?? password) : password;
  const entered: GivenLogins =
    username === undefined || secret === undefined
      ? {}
      : {
          api: { kind: "secret", identifier: username, secret },
          registry: { kind: "password", username, password: secret },
        };
  return ready === undefined ? entered : { ...entered, api: ready };
}

/** A token of three base64url parts whose first is a JOSE header; `undefined` for any other. Its signature is not looked at. */
export function readJwt(token: string): ReadyToken | undefined {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part))) return undefined;
  const [header, claims] = parts.slice(0, 2).map(readPart);
  if (header === undefined || !("alg" in header)) return undefined;
  const seconds = claims?.["exp"];
  const username = nameIn(claims);
  return {
    kind: "jwt",
    token,
    ...(username === undefined ? {} : { username }),
    ...(typeof seconds === "number" ? { expiresAt: seconds * 1000 } : {}),
  };
}

/** Where the Hub puts a user's name: `username`, or a claim under the Hub's own address. */
function nameIn(claims: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const own = claims?.["https://hub.docker.com"];
  const inOwn = isObject(own) ? own["username"] : undefined;
  return [claims?.["username"], inOwn].find((name) => typeof name === "string");
}

function readPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined; // No JSON, so no JWT.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unusable(host: string, why: string): RegistryError {
  return new RegistryError("invalid", `${host}: cannot open the registry: invalid (${why})`);
}
