import type { AdapterContext, CredentialSource, Credentials } from "../../src/registry/adapter.ts";
import type { Address } from "./address.ts";
import { detectGithub } from "./detect.ts";

/** The token of a role, and what the registry itself is shown. */
export interface Access {
  /** For the API; `undefined` when none is known. */
  token(repositoryName: string): Promise<string | undefined>;
  /** Learns that the API refused a token. Answers whether there is another one now. */
  refused(repositoryName: string, token: string): Promise<boolean>;
  /** For `/v2/`: the same token. */
  readonly credentials: CredentialSource;
  /** Every token used so far. */
  secrets(): Iterable<string>;
}

/** The registry takes any name beside a token. */
const ANY_NAME = "token";

type Context = Pick<AdapterContext, "host" | "options" | "env" | "credentials">;

/**
 * The option, else what docker's configuration holds for the host, else `GITHUB_TOKEN` where it is this server's: it is
 * github.com's, unless `GITHUB_API_URL` names another server. It never goes to another one than that.
 */
export function createAccess(context: Context, { api }: Address): Access {
  const { host, options, env } = context;
  const used = new Set<string>();
  const credentials: CredentialSource = { find, refused: forgetRefused };

  return {
    credentials,
    async token(repositoryName) {
      const token = tokenOf(await find(host, repositoryName)) ?? ambientToken();
      if (token !== undefined) used.add(token);
      return token;
    },
    async refused(repositoryName, token) {
      const found = await find(host, repositoryName);
      if (found === undefined || tokenOf(found) !== token) return false;
      return forgetRefused(host, repositoryName, found);
    },
    secrets: () => used,
  };

  async function find(asked: string, repositoryName: string): Promise<Credentials | undefined> {
    const given = options["github-token"];
    if (given !== undefined) return withName(given);
    const found = await context.credentials.find(asked, repositoryName);
    if (found !== undefined) return found;
    const token = ambientToken();
    return token === undefined ? undefined : withName(token);
  }

  function forgetRefused(asked: string, repositoryName: string, refused: Credentials): boolean {
    if (options["github-token"] !== undefined) return false;
    return context.credentials.refused?.(asked, repositoryName, refused) === true;
  }

  function withName(token: string): Credentials {
    const username = options["github-username"] ?? env["GITHUB_ACTOR"] ?? ANY_NAME;
    return { kind: "password", username, password: token };
  }

  function ambientToken(): string | undefined {
    const { GITHUB_TOKEN: token, GITHUB_API_URL: server = "https://api.github.com" } = env;
    if (token === undefined || token === "") return undefined;
    return server.replace(/\/+$/, "") === api && isOf(host, server) ? token : undefined;
  }
}

/** Whether a host's name alone proves that it is of a server: what it says of itself proves nothing. */
function isOf(host: string, server: string): boolean {
  if (detectGithub(host)) return true;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const parent = URL.canParse(server) ? new URL(server).hostname : "";
  return parent !== "" && (name === parent || name.endsWith(`.${parent}`));
}

/** Only a password can be a token of the API; the others are the registry's own. */
function tokenOf(credentials: Credentials | undefined): string | undefined {
  return credentials?.kind === "password" ? credentials.password : undefined;
}
