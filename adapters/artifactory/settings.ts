import { isLoopback } from "../../src/distribution/origin.ts";
import { basicHeader } from "../../src/distribution/token.ts";
import type { AdapterContext, Credentials } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** What people told the adapter, checked. */
export interface Settings {
  /** For `/v2/` and the API. Absent: those that docker's configuration holds for the host. */
  readonly credentials?: OwnCredentials;
  /** Key of the repository, where the address does not show it. */
  readonly repositoryKey?: string;
  /** With the context path, without a slash at its end. */
  readonly apiUrl?: string;
}

export interface ApiCredentials {
  /** `Authorization` of the API. */
  readonly header: string;
  readonly secrets: readonly string[];
}

export interface OwnCredentials extends ApiCredentials {
  readonly registry: Credentials;
  /** Whose they are, when they say so. */
  readonly owner?: string;
}

/** Source: "Repository naming": letters, digits, `-`, `_` and `.`. */
const REPOSITORY_KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/** Throws `RegistryError("invalid")` that names the option. */
export function readSettings({
  host,
  options,
  insecure = false,
}: Pick<AdapterContext, "host" | "options" | "insecure">): Settings {
  const credentials = readCredentials();
  const repositoryKey = options["artifactory-repository-key"];
  if (repositoryKey !== undefined && !REPOSITORY_KEY.test(repositoryKey)) {
    throw invalid("artifactory-repository-key", `"${repositoryKey}" is not a repository's key`);
  }
  const apiUrl = readApiUrl();
  return {
    ...(credentials === undefined ? {} : { credentials }),
    ...(repositoryKey === undefined ? {} : { repositoryKey }),
    ...(apiUrl === undefined ? {} : { apiUrl }),
  };

  function readCredentials(): OwnCredentials | undefined {
    const token = options["artifactory-token"];
    const username = options["artifactory-username"];
    const password = options["artifactory-password"];
    if (token !== undefined && password !== undefined) {
      throw invalid("artifactory-token", "a password was given too; one of the two is enough");
    }
    if (token !== undefined) {
      const owner = username ?? ownerOf(token);
      return {
        // With its user's name a token serves as a password, which every version takes.
        registry:
          username === undefined
            ? { kind: "bearer-token", token }
            : { kind: "password", username, password: token },
        ...apiCredentials({ kind: "bearer-token", token }),
        ...(owner === undefined ? {} : { owner }),
      };
    }
    if (username === undefined && password === undefined) return undefined;
    if (username === undefined) throw invalid("artifactory-password", "it needs a user too");
    if (password === undefined) throw invalid("artifactory-username", "it needs a password too");
    const registry: Credentials = { kind: "password", username, password };
    return { registry, ...apiCredentials(registry), owner: username };
  }

  function readApiUrl(): string | undefined {
    const text = options["artifactory-api-url"];
    if (text === undefined) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (
      url === undefined ||
      !/^https?:$/.test(url.protocol) ||
      url.search !== "" ||
      url.hash !== ""
    )
      throw invalid("artifactory-api-url", "it is no https: address");
    if (url.username !== "" || url.password !== "") {
      throw invalid("artifactory-api-url", "credentials do not belong into an address");
    }
    if (url.protocol === "http:" && !insecure && !isLoopback(url.host)) {
      throw invalid("artifactory-api-url", "credentials are not sent over http:");
    }
    return url.href.replace(/\/+$/, "");
  }

  function invalid(option: string, why: string): RegistryError {
    return new RegistryError("invalid", `${host}: cannot use ${option}: invalid (${why})`);
  }
}

/** What the API takes of credentials: a password as Basic, any kind of token as Bearer. */
export function apiCredentials(credentials: Credentials): ApiCredentials {
  if (credentials.kind !== "password") {
    const { token } = credentials;
    return { header: `Bearer ${token}`, secrets: [token] };
  }
  const header = basicHeader(credentials);
  return { header, secrets: [credentials.password, header.slice("Basic ".length)] };
}

/** The user of an access token: its subject ends in `/users/<name>`. Absent for reference tokens and for groups. */
function ownerOf(token: string): string | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    if (typeof claims !== "object" || claims === null || !("sub" in claims)) return undefined;
    return /\/users\/([^/]+)$/.exec(String(claims.sub))?.[1];
  } catch {
    return undefined; // Not every token tells whose it is.
  }
}
