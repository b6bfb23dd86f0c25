import { protocolError } from "../../src/distribution/error-response.ts";
import type { AdapterContext, Credentials, CredentialSource } from "../../src/registry/adapter.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallPurpose, EcrClient } from "./client.ts";

export interface LoginOptions {
  /** Whether anybody may read, so that going on without AWS credentials makes sense. */
  readonly isOptional: boolean;
}

/** A token is renewed when this part of its twelve hours is over. */
const RENEW_AT = 0.5;
/** Where the answer does not tell the end of its life: well below twelve hours. */
const ASSUMED_LIFETIME_MS = 3_600_000;
/** A token that is refused so soon is not refused for its age: another one is no use. */
const LEAST_AGE_MS = 60_000;

/**
 * Credentials for `/v2/`: those of docker's configuration, else a token of the API. Docker's are often a token of the day
 * before: once they are refused, the API is asked.
 */
export function createLogin(
  context: Pick<AdapterContext, "host" | "credentials" | "now" | "greeting">,
  client: EcrClient,
  { isOptional }: LoginOptions,
): CredentialSource {
  const { host, now } = context;
  /** By repository name. */
  const configured = new Map<string, Credentials>();
  const outdated = new Set<string>();
  let token: Promise<Token> | undefined;
  let held: Token | undefined;

  return { find, refused };

  async function find(asked: string, name: string): Promise<Credentials | undefined> {
    const known = configured.get(name) ?? (await context.credentials.find(asked, name));
    if (known !== undefined) configured.set(name, known);
    if (known !== undefined && !outdated.has(name)) return known;
    try {
      return await current();
    } catch (error) {
      // They may be good for other things than the one that they were refused for.
      if (known !== undefined) return known;
      if (isOptional && isRegistryError(error, "unauthorized")) return undefined;
      throw error;
    }
  }

  function refused(_: string, name: string, credentials: Credentials): boolean {
    if (configured.get(name) === credentials) {
      const isNews = !outdated.has(name);
      outdated.add(name);
      return isNews;
    }
    if (held !== credentials) return true; // Another request has seen to it already.
    if (now().getTime() - held.boughtAt < LEAST_AGE_MS) return false;
    held = undefined;
    token = undefined;
    return true;
  }

  async function current(): Promise<Token> {
    if (context.greeting !== undefined) throw toldByItself(host);
    if (held !== undefined && held.renewAt <= now().getTime()) token = undefined;
    token ??= buy().catch((error: unknown) => {
      token = undefined;
      throw error;
    });
    return token;
  }

  async function buy(): Promise<Token> {
    const what: CallPurpose = { verb: "get a token for", reference: host };
    const answer = await client.call(what, (api, options) => api.getAuthorizationToken(options));
    const text = Buffer.from(answer?.authorizationToken ?? "", "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) throw protocolError(client.purpose(what), "the answer holds no token");
    const password = text.slice(colon + 1);
    client.keepSecret(password);
    const boughtAt = now().getTime();
    const lifetimeMs = (answer?.expiresAt?.getTime() ?? boughtAt + ASSUMED_LIFETIME_MS) - boughtAt;
    held = {
      kind: "password",
      username: text.slice(0, colon),
      password,
      boughtAt,
      renewAt: boughtAt + lifetimeMs * RENEW_AT,
    };
    return held;
  }
}

/** Whoever answers as ECR does would get a token for every registry that the AWS credentials open. */
function toldByItself(host: string): RegistryError {
  return new RegistryError(
    "unauthorized",
    `${host}: cannot log in: unauthorized (it answers as ECR does, but its name is none of ECR's, so AWS credentials do not go there by themselves)`,
    {
      hint: "Choose the implementation yourself, by --repo-implementation ecr, if the host is yours.",
    },
  );
}

/** `AWS:…`. */
type Token = Extract<Credentials, { readonly kind: "password" }> & {
  readonly boughtAt: number;
  readonly renewAt: number;
};
