import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeCall } from "../../src/distribution/native-api.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import { classify } from "./errors.ts";
import { RepositoryPageSchema, TagPageSchema, UserSchema } from "./schema.ts";
import type { RepositoryPage, TagPage } from "./schema.ts";

/** Quay's API as the owner of a token. */
export interface QuayClient {
  /** `undefined`: there is no such repository. */
  tags(repository: Repository, page: number, signal?: AbortSignal): Promise<TagPage | undefined>;
  /** Repositories of a namespace, from a page on that an earlier answer named. */
  repositories(
    namespace: string,
    next: string | undefined,
    signal?: AbortSignal,
  ): Promise<RepositoryPage>;
  /** Lets a tag point at what it pointed at before, as long as the time machine keeps that. */
  restore(repository: Repository, tag: string, digest: Digest, signal?: AbortSignal): Promise<void>;
  /** Who the token speaks for; `undefined` where it may not tell. */
  owner(signal?: AbortSignal): Promise<string | undefined>;
  /** A listing that makes no sense. */
  nonsense(repository: Repository, why: string): RegistryError;
}

/** Most tags of a page; more are cut to it. Source: quay/quay `endpoints/api/tag.py`. */
export const PAGE_SIZE = 100;

export interface QuayClientOptions {
  readonly context: AdapterContext;
  readonly origin: Origin;
  /** Absent: on the registry's own host. */
  readonly apiUrl: string | undefined;
  readonly token: string;
}

export function createQuayClient({
  context,
  origin,
  apiUrl,
  token,
}: QuayClientOptions): QuayClient {
  const { host } = context;
  const api = createNativeApi({
    host,
    send:
      apiUrl === undefined
        ? origin.send
        : (target, request) =>
            context.http.send({ ...request, url: new URL(`${apiUrl}${String(target)}`) }),
    authorize: async ({ again }) => (again ? undefined : { authorization: `Bearer ${token}` }),
    secrets: () => [token],
    classify,
  });

  return {
    async tags(repository, page, signal) {
      const call: NativeCall = {
        ...listing(repository, signal),
        target: `${repositoryPath(repository)}/tag/?limit=${PAGE_SIZE}&page=${page}&onlyActiveTags=true`,
        accept: [200, 404],
      };
      const answer = await api.call(call);
      if (answer.status === 404) return absent(call, answer);
      const { data } = TagPageSchema.safeParse(answer.json);
      if (data !== undefined) return data;
      throw api.protocolError(call, "the listing is no list of tags");
    },

    async repositories(namespace, next, signal) {
      const from = next === undefined ? "" : `&next_page=${encodeURIComponent(next)}`;
      const call: NativeCall = {
        method: "GET",
        target: `/api/v1/repository?namespace=${encodeURIComponent(namespace)}${from}`,
        verb: "list repositories of",
        reference: `${host}/${namespace}`,
        signal,
      };
      const { json } = await api.call(call);
      const { data } = RepositoryPageSchema.safeParse(json);
      if (data !== undefined) return data;
      throw api.protocolError(call, "the list has no repositories");
    },

    async restore(repository, tag, digest, signal) {
      await api.call({
        method: "POST",
        target: `${repositoryPath(repository)}/tag/${encodeURIComponent(tag)}/restore`,
        verb: "restore",
        reference: `${formatRepository(repository)}:${tag}`,
        json: { manifest_digest: digest },
        // It answers 200; its API reference says 201.
        accept: [200, 201],
        signal,
      });
    },

    async owner(signal) {
      const answer = await api.call({
        method: "GET",
        target: "/api/v1/user/",
        verb: "ask whose token is used at",
        reference: host,
        accept: [200, 401, 403, 404],
        signal,
      });
      return answer.status === 200 ? UserSchema.safeParse(answer.json).data?.username : undefined;
    },

    nonsense: (repository, why) => api.protocolError(listing(repository, undefined), why),
  };

  /** A 404 that Quay did not write proves nothing. */
  function absent(call: NativeCall, answer: NativeAnswer): undefined {
    const refusal = api.refusal(call, answer);
    if (refusal.registryCode === "not_found") return undefined;
    throw api.protocolError(
      call,
      "a 404 that Quay did not write: its API is not served here, so name its address with quay-api-url",
    );
  }
}

function listing(repository: Repository, signal: AbortSignal | undefined): NativeCall {
  return {
    method: "GET",
    target: "",
    verb: "list tags of",
    reference: formatRepository(repository),
    signal,
  };
}

/** Slashes of a name stay: the API's paths take them. */
function repositoryPath({ name }: Repository): string {
  return `/api/v1/repository/${name.split("/").map(encodeURIComponent).join("/")}`;
}
