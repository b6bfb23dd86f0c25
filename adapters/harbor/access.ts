import { isLoopback } from "../../src/distribution/origin.ts";
import type { AdapterContext, CredentialSource } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** How a user gets in, as the options say. */
export interface Access {
  /** For the API and `/v2/` alike. */
  readonly credentials: CredentialSource;
  /** Without a slash at its end. Absent: the API stands beside `/v2/`. */
  readonly apiUrl: string | undefined;
}

/** Reads the options. Rejects with `invalid` when one makes no sense; nothing is sent. */
export function readAccess(context: AdapterContext): Access {
  const { options } = context;
  const username = options["harbor-username"];
  const password = options["harbor-password"];
  if ((username === undefined) !== (password === undefined)) {
    const [given, missing] =
      password === undefined ? ["username", "password"] : ["password", "username"];
    throw invalid(context, `harbor-${given} is given, and harbor-${missing} is not`);
  }
  const credentials: CredentialSource =
    username === undefined || password === undefined
      ? context.credentials
      : { find: async () => ({ kind: "password", username, password }) };
  return { credentials, apiUrl: readApiUrl(context) };
}

function readApiUrl(context: AdapterContext): string | undefined {
  const text = context.options["harbor-api-url"];
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalid(context, "harbor-api-url is not an address like https://harbor.example.com");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalid(context, "harbor-api-url holds more than a host and a path");
  }
  if (url.protocol === "http:" && context.insecure !== true && !isLoopback(url.host)) {
    throw invalid(context, "harbor-api-url is not https:, so it gets no credentials");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api\/v2\.0$/, "");
}

function invalid({ host }: AdapterContext, why: string): RegistryError {
  return new RegistryError("invalid", `${host}: cannot open the registry: invalid (${why})`);
}
