import { z } from "zod";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import { graphqlUrl } from "./address.ts";
import type { Address } from "./address.ts";
import type { GithubCall, GithubClient } from "./client.ts";

/** The GraphQL API of an old server, as far as the REST API does not serve there. See docs/adr/0011. */
export interface Graphql {
  /** Answers `data`. Rejects with `RegistryError`. */
  ask(question: Question): Promise<unknown>;
}

export interface Question extends Pick<
  GithubCall,
  "verb" | "reference" | "repositoryName" | "signal" | "isQuery"
> {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Source: GitHub Docs, GraphQL, errors as they come with status 200. */
const Errors = z.object({
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1),
});

const BY_TYPE: ReadonlyMap<string, RegistryErrorCode> = new Map([
  ["NOT_FOUND", "not-found"],
  ["FORBIDDEN", "denied"],
  ["INSUFFICIENT_SCOPES", "denied"],
  ["RATE_LIMITED", "rate-limited"],
  ["UNPROCESSABLE", "conflict"],
]);

/** Loads the library only here. Its requests go through our own door, with our limits, retries and words. */
export async function openGraphql(
  client: GithubClient,
  { api }: Address,
  host: string,
): Promise<Graphql> {
  const { graphql } = await import("@octokit/graphql");
  return { ask };

  async function ask({ text, variables, ...purpose }: Question): Promise<unknown> {
    const call: GithubCall = { ...purpose, method: "POST", target: graphqlUrl(api) };
    /** What our door rejected with: the library makes an error of its own of it. */
    let failure: unknown;
    const fetch = async (_: string, { body }: { readonly body: string }): Promise<Response> => {
      try {
        const json: unknown = JSON.parse(body);
        const answer = await client.call({ ...call, json });
        if (answer.json === undefined) throw client.protocolError(call, "the answer is not JSON");
        return Response.json(answer.json);
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    try {
      return await graphql(text, { ...variables, baseUrl: api, request: { fetch } });
    } catch (error) {
      purpose.signal?.throwIfAborted();
      throw failure ?? refusal(call, error);
    }
  }

  function refusal({ verb, reference }: GithubCall, error: unknown): unknown {
    const said = Errors.safeParse(error).data?.errors[0];
    if (said === undefined) return error;
    const { type = "", message } = said;
    const code = BY_TYPE.get(type) ?? "protocol";
    return new RegistryError(
      code,
      `${host}: cannot ${verb} ${reference}: ${code} (${type === "" ? "" : `${type}: `}${message})`,
      type === "" ? {} : { registryCode: type },
    );
  }
}
