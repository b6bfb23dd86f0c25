import { isLoopback } from "../../src/distribution/origin.ts";
import type { AdapterContext, CredentialSource } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** How a user gets in, as the options say. */
export interface Access {
  /** For `/v2/`. */
  readonly credentials: CredentialSource;
  /** For the API. */
  readonly token: string | undefined;
  /** Without a slash at its end. Absent: the API stands beside `/v2/`. */
  readonly apiUrl: string | undefined;
  readonly isNested: boolean;
}

/** The name under which `/v2/auth` takes a token of the API. Source: quay/quay `auth/credential_consts.py`. */
const TOKEN_USER = "$oauthtoken";

/** Reads the options. Rejects with `invalid` when one makes no sense; nothing is sent. */
export function readAccess(context: AdapterContext): Access {
  const { options } = context;
  const username = options["quay-username"];
  const password = options["quay-password"];
  const token = options["quay-token"];
  if ((username === undefined) !== (password === undefined)) {
    const [given, missing] =
      password === undefined ? ["username", "password"] : ["password", "username"];
    throw invalid(context, `quay-${given} is given, and quay-${missing} is not`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid(context, "quay-token is empty or holds what no token holds");
  }
  const credentials: CredentialSource =
    username === undefined || password === undefined
      ? orToken(context.credentials, token)
      : { find: async () => ({ kind: "password", username, password }) };
  const isNested = readSwitch(context, options["quay-nested"]);
  return { credentials, token, apiUrl: readApiUrl(context), isNested };
}

/** What docker's configuration holds, else the token. */
function orToken(source: CredentialSource, token: string | undefined): CredentialSource {
  if (token === undefined) return source;
  return {
    ...source,
    async find(host, name) {
      const found = await source.find(host, name);
      return found ?? { kind: "password", username: TOKEN_USER, password: token };
    },
  };
}

function readSwitch(context: AdapterContext, value: string | undefined): boolean {
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "true" || value === "1" || value === "") return true;
  throw invalid(context, "quay-nested is neither true nor false");
}

function readApiUrl(context: AdapterContext): string | undefined {
  const text = context.options["quay-api-url"];
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalid(context, "quay-api-url is not an address like https://quay.example.com");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalid(context, "quay-api-url holds more than a host and a path");
  }
  if (url.protocol === "http:" && context.insecure !== true && !isLoopback(url.host)) {
    throw invalid(context, "quay-api-url is not https:, so it gets no token");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function invalid({ host }: AdapterContext, why: string): RegistryError {
  return new RegistryError("invalid", `${host}: cannot open the registry: invalid (${why})`);
}
