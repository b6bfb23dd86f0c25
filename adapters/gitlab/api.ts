import { transportFailure } from "../../src/distribution/error-response.ts";
import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import { isLoopback } from "../../src/distribution/origin.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { HttpError } from "../../src/http/client.ts";
import { redactText } from "../../src/http/redact.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { ApiToken } from "./credentials.ts";
import { classifyApi } from "./errors.ts";
import { GraphqlAnswer } from "./schema.ts";

/** GitLab's own API. */
export interface GitlabApi {
  /** REST, below `/api/v4`: targets begin with a slash. */
  readonly rest: NativeApi;
  /** Absent for tokens that GraphQL does not take. */
  readonly graphql: Graphql | undefined;
}

export interface Graphql {
  /** The answer's `data`. Rejects with `RegistryError`; with `unsupported` where the server lacks a field that was asked for. */
  ask(question: Question): Promise<unknown>;
  protocolError(question: Question, why: string): RegistryError;
}

export interface Question extends Pick<NativeCall, "verb" | "reference" | "signal"> {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The API, found at the address of the option, else beside the token service that the registry names; `undefined` where
 * neither tells. Source: GitLab docs, "REST API authentication", "GraphQL API".
 */
export function createApi(
  context: AdapterContext,
  { kind, token }: ApiToken,
  base: URL,
): GitlabApi {
  const { host, http } = context;
  const options = {
    host,
    send: (target: string | URL, request: Parameters<Wire["origin"]["send"]>[1]) =>
      http.send({ ...request, url: new URL(`${base.href}${String(target)}`) }),
    secrets: () => [token],
    classify: classifyApi,
  };
  const rest = createNativeApi({
    ...options,
    authorize: async ({ again }) => {
      if (again) return undefined;
      return kind === "job" ? { "job-token": token } : { "private-token": token };
    },
  });
  if (kind === "job") return { rest, graphql: undefined };
  const native = createNativeApi({
    ...options,
    authorize: async ({ again }) => (again ? undefined : { authorization: `Bearer ${token}` }),
  });
  return { rest, graphql: createGraphql(host, native, token) };
}

function createGraphql(host: string, native: NativeApi, token: string): Graphql {
  return {
    async ask(question) {
      const call = callFor(question);
      const answer = await native.call(call);
      const read = GraphqlAnswer.safeParse(answer.json);
      if (!read.success) throw native.protocolError(call, "the answer is no GraphQL");
      const { data, errors } = read.data;
      const words = (errors ?? []).map(({ message }) => message.replaceAll(token, "***"));
      if (words.length > 0) throw refusal(host, question, words);
      return data;
    },
    protocolError: (question, why) => native.protocolError(callFor(question), why),
  };
}

function callFor({ query, variables, verb, reference, signal }: Question): NativeCall {
  return {
    method: "POST",
    target: "/../graphql",
    verb,
    reference,
    json: { query, variables },
    isQuery: query.startsWith("query "),
    signal,
  };
}

/**
 * A GraphQL error has no code and comes with status 200: a field the server lacks, an outage and a limit are told by their
 * words, and the rest is a lack of rights.
 */
function refusal(
  host: string,
  { verb, reference }: Question,
  words: readonly string[],
): RegistryError {
  const code = BY_WORDS.find(([pattern]) => words.some((text) => pattern.test(text)))?.[1];
  const why = redactText(words.slice(0, MAX_WORDS).join("; "));
  const message = `${host}: cannot ${verb} ${reference}: ${code ?? "denied"} (${why})`;
  if (code !== undefined) return new RegistryError(code, message);
  return new RegistryError("denied", message, {
    hint: "GraphQL takes the scope read_api to read, and api to delete.",
  });
}

/** Source: GitLab, `ContainerRepositoryDetailsType`, `Gitlab::Graphql::Authorize`; graphql-ruby, timeouts and validation. */
const BY_WORDS: readonly (readonly [RegExp, RegistryErrorCode])[] = [
  [/doesn't exist on type|doesn't accept argument/, "unsupported"],
  [/too many (?:times|requests)|rate limit/i, "rate-limited"],
  [/trouble connecting|can't connect|internal server error|time(?:d )?out/i, "unavailable"],
];

const MAX_WORDS = 3;

/**
 * Where the API is. Nothing but `https:` gets a token, except on this machine and where the registry itself is allowed to go
 * without TLS. Throws `RegistryError` when the option is no such address.
 */
export async function apiUrl(
  context: AdapterContext,
  wire: Wire,
  signal?: AbortSignal,
): Promise<URL | undefined> {
  const { host, options } = context;
  const given = options["gitlab-api-url"];
  if (given !== undefined) {
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url === undefined || !mayCarryToken(url, context)) {
      throw new RegistryError(
        "invalid",
        `${host}: cannot use gitlab-api-url: invalid (not an https: address)`,
      );
    }
    return withoutSlash(url);
  }
  const challenges = context.greeting?.challenges ?? (await challengesOf(host, wire, signal));
  for (const challenge of challenges) {
    const realm = /\brealm="([^"]+)\/jwt\/auth"/i.exec(challenge)?.[1];
    if (realm === undefined || !URL.canParse(realm)) continue;
    const url = new URL(`${realm}/api/v4`);
    if (mayCarryToken(url, context)) return url;
  }
  return undefined;
}

async function challengesOf(
  host: string,
  { origin }: Wire,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    const response = await origin.send("/v2/", { method: "GET", signal });
    await response.discard();
    return response.challenges;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const purpose = {
      host,
      verb: "find the API of",
      reference: host,
      scrub: (text: string) => text,
    };
    throw transportFailure(purpose, error);
  }
}

function mayCarryToken(url: URL, { host, insecure = false }: AdapterContext): boolean {
  if (url.protocol === "https:") return true;
  if (url.protocol !== "http:") return false;
  return isLoopback(url.host) || (insecure && url.hostname === new URL(`http://${host}`).hostname);
}

function withoutSlash(url: URL): URL {
  const trimmed = new URL(url);
  trimmed.pathname = url.pathname.replace(/\/+$/, "");
  return trimmed;
}
