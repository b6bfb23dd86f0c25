import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { DigestReference, Repository } from "../../src/oci/reference.ts";
import type { AdapterContext, Credentials } from "../../src/registry/adapter.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import { classify } from "./errors.ts";
import type { ItemPage } from "./pages.ts";
import {
  ArtifactSchema,
  ArtifactsSchema,
  RepositoriesSchema,
  SystemInfoSchema,
  TagNamesSchema,
} from "./schema.ts";
import type { Artifact } from "./schema.ts";

/** Most items of a page; more is refused with 422. Source: `api/v2.0/swagger.yaml`, parameter `pageSize`. */
export const PAGE_SIZE = 100;

type Password = Extract<Credentials, { readonly kind: "password" }>;

/** Harbor's API as one user, or as nobody in particular. */
export interface HarborClient {
  /** Whose it is; absent for nobody's. */
  readonly username: string | undefined;
  artifacts(
    repository: Repository,
    page: number,
    signal?: AbortSignal,
  ): Promise<ItemPage<Artifact>>;
  /** By digest or tag, with its tags and accessories; `undefined` when it is not there. */
  artifact(
    repository: Repository,
    key: string,
    signal?: AbortSignal,
  ): Promise<Artifact | undefined>;
  /** Every tag name of a repository at once; `undefined`: not whole, or nobody may read it so. */
  tagNames(repository: Repository, signal?: AbortSignal): Promise<TagNames>;
  /** False: that artifact has no such tag. */
  deleteTag(
    repository: Repository,
    key: string,
    tag: string,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** False: there is no such artifact. */
  deleteArtifact(repository: Repository, digest: string, signal?: AbortSignal): Promise<boolean>;
  /** Has an artifact copied with all its tags, its children and its accessories. False: it is not there. */
  copy(target: Repository, from: DigestReference, signal?: AbortSignal): Promise<boolean>;
  /** Full names of the repositories of a project, or of all that the user may see. */
  repositories(
    namespace: Repository,
    page: number,
    signal?: AbortSignal,
  ): Promise<ItemPage<string>>;
}

export type TagNames =
  | { readonly kind: "whole"; readonly names: readonly string[] }
  | { readonly kind: "absent" }
  /** It comes in pages, or nobody's credentials are at hand. */
  | { readonly kind: "unknown" };

export interface HarborClientOptions {
  readonly context: AdapterContext;
  readonly origin: Origin;
  /** Absent: on the registry's own host. */
  readonly apiUrl: string | undefined;
  /** Absent: nobody's; public projects can be read. */
  readonly credentials: Password | undefined;
}

/** No cookie is ever kept: with a session, every write needs a CSRF token; with Basic alone, none does. */
export function createHarborClient(options: HarborClientOptions): HarborClient {
  const { context, origin, apiUrl, credentials } = options;
  const { host } = context;
  const api = apiOf(apiUrl === undefined ? origin.send : sendBelow(apiUrl));
  const registry = apiOf(origin.send);

  return {
    username: credentials?.username,

    async artifacts(repository, page, signal) {
      const query = `?page=${page}&page_size=${PAGE_SIZE}&sort=id&with_tag=true&with_accessory=true`;
      const call: NativeCall = {
        method: "GET",
        target: `${repositoryPath(repository)}/artifacts${query}`,
        verb: "list tags of",
        reference: formatRepository(repository),
        accept: [200, 404],
        signal,
      };
      const answer = await send(call);
      // A system admin is told that the project is not there; everyone else gets 403.
      if (answer.status === 404) return { items: [], total: 0, next: undefined };
      return pageOf(call, answer, ArtifactsSchema.safeParse(answer.json).data);
    },

    async artifact(repository, key, signal) {
      const call: NativeCall = {
        method: "GET",
        target: `${artifactPath(repository, key)}?with_tag=true&with_accessory=true`,
        verb: "read",
        reference: `${formatRepository(repository)}@${key}`,
        accept: [200, 404],
        signal,
      };
      const answer = await send(call);
      if (answer.status === 404) return undefined;
      const { data } = ArtifactSchema.safeParse(answer.json);
      if (data !== undefined) return data;
      throw api.protocolError(call, "the answer is no artifact");
    },

    async tagNames(repository, signal) {
      if (credentials === undefined) return { kind: "unknown" };
      const call: NativeCall = {
        method: "GET",
        target: `/v2/${repository.name}/tags/list`,
        verb: "list tags of",
        reference: formatRepository(repository),
        accept: [200, 404],
        signal,
      };
      const answer = await registry.call(call);
      if (answer.status === 404) {
        const refusal = registry.refusal(call, answer);
        if (refusal.registryCode !== undefined) return { kind: "absent" };
        throw registry.protocolError(call, "a 404 that is not in the registry's format");
      }
      if (answer.headers["link"] !== undefined) return { kind: "unknown" };
      const { data } = TagNamesSchema.safeParse(answer.json);
      if (data !== undefined) return { kind: "whole", names: data.tags ?? [] };
      throw registry.protocolError(call, "the listing is no list of tags");
    },

    deleteTag: (repository, key, tag, signal) =>
      remove({
        target: `${artifactPath(repository, key)}/tags/${encodeURIComponent(tag)}`,
        reference: `${formatRepository(repository)}:${tag}`,
        signal,
      }),

    deleteArtifact: (repository, digest, signal) =>
      remove({
        target: artifactPath(repository, digest),
        reference: `${formatRepository(repository)}@${digest}`,
        signal,
      }),

    async copy(target, from, signal) {
      const source = encodeURIComponent(`${from.name}@${from.digest}`);
      const call: NativeCall = {
        method: "POST",
        target: `${repositoryPath(target)}/artifacts?from=${source}`,
        verb: "copy",
        reference: `${formatRepository(from)}@${from.digest}`,
        accept: [201, 404],
        signal,
      };
      const answer = await send(call);
      return answer.status === 201;
    },

    async repositories({ name }, page, signal) {
      const [project = ""] = name.split("/");
      const below = project === "" ? "" : `/projects/${encodeURIComponent(project)}`;
      const call: NativeCall = {
        method: "GET",
        target: `${API}${below}/repositories?page=${page}&page_size=${PAGE_SIZE}&sort=name`,
        verb: "list repositories of",
        reference: formatRepository({ host, name }),
        signal,
      };
      const answer = await send(call);
      const found = RepositoriesSchema.safeParse(answer.json).data;
      return pageOf(
        call,
        answer,
        found?.map((repository) => repository.name),
      );
    },
  };

  async function remove(
    what: Pick<NativeCall, "target" | "reference" | "signal">,
  ): Promise<boolean> {
    const call: NativeCall = { ...what, method: "DELETE", verb: "delete", accept: [200, 404] };
    const answer = await send(call);
    // Harbor says nothing more than 200: a page is a proxy's, and proves nothing.
    if (answer.status === 200 && answer.body.byteLength > 0) {
      throw api.protocolError(call, "the answer is not Harbor's");
    }
    return answer.status === 200;
  }

  /** As `NativeApi.call`; a 404 that Harbor did not write is an error whatever `accept` says. */
  async function send(call: NativeCall): Promise<NativeAnswer> {
    const answer = await api.call(call);
    if (answer.status !== 404) return answer;
    if (api.refusal(call, answer).registryCode !== undefined) return answer;
    throw await missingApi(call);
  }

  /** Harbor 1 has `/api/systeminfo`, which says its version to anyone. */
  async function missingApi(call: NativeCall): Promise<RegistryError> {
    const about: NativeCall = { ...call, method: "GET", target: "/api/systeminfo" };
    try {
      const { json } = await api.call(about);
      const version = SystemInfoSchema.safeParse(json).data?.harbor_version;
      if (version !== undefined) {
        return new RegistryError(
          "unsupported",
          `${host}: cannot ${call.verb} ${call.reference}: unsupported (Harbor ${version} has no API v2.0)`,
          { hint: "Harbor before 2.0 is not supported; the implementation `default` can read it." },
        );
      }
    } catch (error) {
      call.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
    }
    return api.protocolError(
      call,
      "a 404 that Harbor did not write: its API is not served here, so name its address with harbor-api-url",
    );
  }

  function pageOf<T>(
    call: NativeCall,
    { headers, url }: NativeAnswer,
    items: readonly T[] | undefined,
  ): ItemPage<T> {
    if (items === undefined) throw api.protocolError(call, "the listing is no list");
    const count = headers["x-total-count"];
    const total = count !== undefined && /^\d+$/.test(count) ? Number(count) : undefined;
    const query = nextPageQuery(headers["link"], url);
    if (query === undefined) return { items, total, next: undefined };
    const next = new URLSearchParams(query).get("page");
    if (next !== null && /^\d+$/.test(next)) return { items, total, next: Number(next) };
    throw api.protocolError(call, "the next link names no page");
  }

  function apiOf(sendTo: Origin["send"]): NativeApi {
    return createNativeApi({
      host,
      send: sendTo,
      authorize: async ({ again }) => {
        if (again) return undefined;
        return credentials === undefined ? {} : { authorization: basic(credentials) };
      },
      secrets: () =>
        credentials === undefined
          ? []
          : [credentials.password, basic(credentials).slice("Basic ".length)],
      classify,
    });
  }

  function sendBelow(address: string): Origin["send"] {
    return (target, request) =>
      context.http.send({ ...request, url: new URL(`${address}${String(target)}`) });
  }
}

const API = "/api/v2.0";

/** A repository's name below its project is encoded twice: proxies and Harbor's router decode it once. */
function repositoryPath({ name }: Repository): string {
  const slash = name.indexOf("/");
  const project = name.slice(0, slash === -1 ? name.length : slash);
  const rest = slash === -1 ? "" : name.slice(slash + 1);
  const twice = encodeURIComponent(encodeURIComponent(rest));
  return `${API}/projects/${encodeURIComponent(project)}/repositories/${twice}`;
}

function artifactPath(repository: Repository, key: string): string {
  return `${repositoryPath(repository)}/artifacts/${encodeURIComponent(key)}`;
}

function basic({ username, password }: Password): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}
