import type { Digest } from "../../../src/oci/digest.ts";
import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { createGate } from "../gate.ts";
import { answerJson, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import { createApi } from "./api.ts";
import { createStorage } from "./storage.ts";
import type { Storage } from "./storage.ts";
import { asRegistryUsers, userOf } from "./users.ts";
import type { ArtifactoryUser } from "./users.ts";

export interface FakeArtifactoryOptions {
  readonly users: readonly ArtifactoryUser[];
  /** Kinds of the repositories, by key. Default: one local repository, `docker-local`. */
  readonly repositories?: Readonly<Record<string, "local" | "federated" | "remote" | "virtual">>;
  /** The repository that host or port stand for. Absent: the first component of a name is its key. */
  readonly boundKey?: string;
  /** Default: `bearer`. */
  readonly challenge?: "bearer" | "basic";
  readonly now?: () => number;
  /** Most rows of a search. Default: the product's. */
  readonly searchLimit?: number;
  /** Most names of a page of `/v2/` lists. Default: 1000. */
  readonly pageSize?: number;
  /** Default: the trash can is on. */
  readonly hasTrash?: boolean;
  /** From 7.90.1 on. Default: true. */
  readonly referrers?: boolean;
}

export interface FakeArtifactory extends FakeRegistry {
  readonly storage: Pick<Storage, "hide" | "files">;
}

/** Source: "AQL Performance": `aql.search.query.max.limit`. */
const SEARCH_LIMIT = 500_000;

/** A strict Artifactory 7 in this process. Source: JFrog REST APIs and the pages about Docker repositories. */
export function createFakeArtifactory(options: FakeArtifactoryOptions): FakeArtifactory {
  const { users, boundKey, now = Date.now, challenge = "bearer", pageSize = 1000 } = options;
  const kinds = new Map(Object.entries(options.repositories ?? { "docker-local": "local" }));
  const state = createState();
  const personality = {
    ...ociConformant,
    name: "Artifactory",
    referrers: options.referrers ?? true,
  };
  const registryUsers = asRegistryUsers(users);
  const gate = createGate({ kind: "bearer", users: registryUsers }, now);
  const basicGate = createGate({ kind: "basic", users: registryUsers }, now);
  const byToken = createRouter(state, personality, gate);
  const byBasic = createRouter(state, personality, basicGate);
  const storage = createStorage({
    state,
    now,
    placeOf,
    nameOf,
    hasTrash: options.hasTrash ?? true,
  });
  const api = createApi({
    storage,
    users,
    kinds,
    imagesOf: (key) =>
      [...state.repositories]
        .filter(([, { manifests }]) => manifests.size > 0)
        .map(([name]) => placeOf(name))
        .flatMap((place) => (place.key === key ? [place.image] : [])),
    searchLimit: options.searchLimit ?? SEARCH_LIMIT,
    pageSize,
  });
  const tokenPath = `/artifactory/api/docker/${boundKey ?? "null"}/v2/token`;

  const registry = assemble({ state, personality, gate }, async (request) => {
    const response = await answerTo(request);
    return { ...response, headers: { ...OWN_HEADERS, ...response.headers } };
  });
  return { ...registry, storage };

  async function answerTo(request: FakeRequest): Promise<FakeResponse> {
    if (request.path === tokenPath) return gate.issue(request);
    if (request.path.startsWith("/artifactory/")) return api(request);
    const route = routeOf(request.path);
    // Without a repository's key, nobody knows which one is meant.
    if (route?.kind === "catalog" && boundKey === undefined) return problem(404, "NOT_FOUND");
    if (route === undefined || !("name" in route)) return asOwn(await serve(request));
    if (!kinds.has(placeOf(route.name).key)) return asOwn(await unknown(request));
    const isPut = route.kind === "manifest" && request.method === "PUT";
    const before = isPut ? tagOf(route.name, route.reference) : undefined;
    const response = await serve(request);
    if (response.status === 200 && route.kind === "tags") return listTags(route.name, request);
    if (isPut && response.status === 201) storage.pushed(route.name, route.reference, before);
    return asOwn(response);
  }

  /** Basic and access tokens are taken as they are; all else by the token service. */
  function serve(request: FakeRequest): Promise<FakeResponse> {
    const user = userOf(request, users);
    if (user === undefined) return challenge === "basic" ? byBasic(request) : byToken(request);
    const pair = Buffer.from(`${user.username}:${user.password}`).toString("base64");
    return byBasic({ ...request, headers: { ...request.headers, authorization: `Basic ${pair}` } });
  }

  async function unknown(request: FakeRequest): Promise<FakeResponse> {
    const response = await serve({ ...request, method: "GET", path: "/v2/" });
    return response.status === 200 ? problem(404, "NAME_UNKNOWN") : response;
  }

  /** The next page is told by an offset, and its path lacks the repository's key. */
  function listTags(name: string, { query }: FakeRequest): FakeResponse {
    const tags = [...(state.repositories.get(name)?.tags.keys() ?? [])].toSorted();
    const last = query.get("last") ?? "0";
    const start = /^\d+$/.test(last) ? Number(last) : tags.indexOf(last) + 1;
    const size = Math.min(Number(query.get("n") ?? tags.length), pageSize);
    const page = tags.slice(start, start + size);
    const next = `</v2/${placeOf(name).image}/tags/list?n=${size}&last=${start + size}>; rel="next"`;
    const headers = start + size < tags.length ? { link: next } : {};
    return answerJson(200, { name: placeOf(name).image, tags: page }, headers);
  }

  function asOwn(response: FakeResponse): FakeResponse {
    const told = response.headers["www-authenticate"];
    if (typeof told !== "string") return response;
    const own = told.startsWith("Basic")
      ? 'Basic realm="Artifactory Realm"'
      : told.replace(/\/token"/, `${tokenPath}"`);
    return { ...response, headers: { ...response.headers, "www-authenticate": own } };
  }

  function tagOf(name: string, reference: string): Digest | undefined {
    return state.repositories.get(name)?.tags.get(reference);
  }

  function placeOf(name: string): { readonly key: string; readonly image: string } {
    if (boundKey !== undefined) return { key: boundKey, image: name };
    const [key = "", ...rest] = name.split("/");
    return { key, image: rest.join("/") };
  }

  function nameOf(key: string, image: string): string {
    return boundKey === undefined ? `${key}/${image}` : image;
  }
}

const OWN_HEADERS = {
  "x-jfrog-version": "Artifactory/7.111.4 81104900",
  "x-artifactory-id": "4f1c2d3e4b5a69788796a5b4c3d2e1f0:1a2b3c4d",
  "x-artifactory-node-id": "artifactory-0",
} as const;
