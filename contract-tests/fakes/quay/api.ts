import { isDigest } from "../../../src/oci/digest.ts";
import { isIndexType } from "../../../src/oci/media-type.ts";
import { answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState } from "../state.ts";
import type { Lifetimes } from "./lifetimes.ts";

export type Scope = "repo:read" | "repo:write" | "user:read";

/** An OAuth token of an application. */
export interface QuayToken {
  readonly token: string;
  readonly username: string;
  readonly scopes: readonly Scope[];
}

export interface ApiOptions {
  readonly state: RegistryState;
  readonly lifetimes: Lifetimes;
  readonly tokens: readonly QuayToken[];
  readonly maxPage: number;
  readonly isImmutable: (repository: string, tag: string) => boolean;
  readonly isReadOnly: boolean;
}

/** Source: quay/quay `endpoints/api/tag.py`. */
const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 50;
/** Source: quay/quay `endpoints/api/repository_models_pre_oci.py`, `REPOS_PER_PAGE`. */
const REPOSITORIES_PER_PAGE = 100;

/** Quay's API v1, as far as it is about tags. `undefined`: the path is not its. */
export function createQuayApi(
  options: ApiOptions,
): (request: FakeRequest) => FakeResponse | undefined {
  const { state, lifetimes, tokens, maxPage, isImmutable, isReadOnly } = options;

  return (request) => {
    const { path, method } = request;
    if (!path.startsWith("/api/v1/")) return undefined;
    if (path === "/api/v1/user/" && method === "GET") {
      return withScope(request, "user:read", ({ username }) => answerJson(200, { username }));
    }
    if (path === "/api/v1/repository" && method === "GET") {
      return withScope(request, "repo:read", () => listRepositories(request));
    }
    const [, list] = /^\/api\/v1\/repository\/(.+)\/tag\/$/.exec(path) ?? [];
    if (list !== undefined && method === "GET") {
      return withScope(request, "repo:read", () => listTags(request, list));
    }
    const [, name, tag] = /^\/api\/v1\/repository\/(.+)\/tag\/([^/]+)\/restore$/.exec(path) ?? [];
    if (name !== undefined && tag !== undefined && method === "POST") {
      return withScope(request, "repo:write", () => restore(request, name, tag));
    }
    return failure(request, 404, "not_found", "Not Found");
  };

  function withScope(
    request: FakeRequest,
    scope: Scope,
    serve: (token: QuayToken) => FakeResponse,
  ): FakeResponse {
    const text = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
    if (text === undefined)
      return failure(request, 401, "invalid_token", "Requires authentication");
    const token = tokens.find((one) => one.token === text);
    if (token === undefined)
      return failure(request, 401, "invalid_token", "The access token provided was invalid.");
    if (!token.scopes.includes(scope))
      return failure(request, 403, "insufficient_scope", "Unauthorized");
    return serve(token);
  }

  function listTags(request: FakeRequest, name: string): FakeResponse {
    const { query } = request;
    const repository = state.repositories.get(name);
    if (repository === undefined) return failure(request, 404, "not_found", "Not Found");
    const page = Math.max(1, Number(query.get("page") ?? "1"));
    const limit = Math.min(
      MAX_LIMIT,
      maxPage,
      Math.max(1, Number(query.get("limit") ?? DEFAULT_LIMIT)),
    );
    if (!Number.isSafeInteger(page) || !Number.isSafeInteger(limit)) {
      return failure(request, 400, "invalid_request", "page and limit are numbers");
    }
    const rows = [...repository.tags]
      .map(([tag, digest]) => ({ tag, digest, start: lifetimes.startOf(name, tag) }))
      .toSorted((a, b) => b.start - a.start || (a.tag < b.tag ? -1 : 1));
    const shown = rows.slice((page - 1) * limit, page * limit);
    return answerJson(200, {
      tags: shown.map(({ tag, digest, start }) => {
        const manifest = repository.manifests.get(digest);
        const end = lifetimes.endOf(name, tag);
        return {
          name: tag,
          reversion: false,
          start_ts: start,
          ...(end === undefined ? {} : { end_ts: end, expiration: dateOf(end) }),
          manifest_digest: digest,
          is_manifest_list: manifest !== undefined && isIndexType(manifest.mediaType),
          size: 1_000_000,
          last_modified: dateOf(start),
        };
      }),
      page,
      has_additional: rows.length > page * limit,
    });
  }

  function listRepositories(request: FakeRequest): FakeResponse {
    const { query } = request;
    const namespace = query.get("namespace");
    if (namespace === null || namespace === "") {
      return failure(
        request,
        400,
        "invalid_request",
        "namespace, starred or public are required for this API call",
      );
    }
    const names = [...state.repositories.keys()].filter((name) => name.startsWith(`${namespace}/`));
    const start = Number(Buffer.from(query.get("next_page") ?? "", "base64url").toString() || "0");
    const size = Math.min(REPOSITORIES_PER_PAGE, maxPage);
    const shown = names.slice(start, start + size);
    const next = Buffer.from(String(start + size)).toString("base64url");
    return answerJson(200, {
      repositories: shown.map((name) => ({
        namespace,
        name: name.slice(namespace.length + 1),
        kind: "image",
        is_public: false,
      })),
      ...(start + size < names.length ? { next_page: next } : {}),
    });
  }

  function restore(request: FakeRequest, name: string, tag: string): FakeResponse {
    const repository = state.repositories.get(name);
    if (repository === undefined) return failure(request, 404, "not_found", "Not Found");
    if (isReadOnly)
      return answerJson(503, { message: "Repository is in read only or mirror mode" });
    const digest = digestIn(request);
    if (digest === undefined)
      return failure(request, 400, "invalid_request", "Missing manifest_digest");
    if (!isDigest(digest) || !repository.manifests.has(digest)) {
      return failure(request, 404, "not_found", "Not Found");
    }
    if (repository.tags.has(tag) && isImmutable(name, tag)) {
      return failure(request, 409, "invalid_request", `Tag ${tag} is immutable`);
    }
    repository.tags.set(tag, digest);
    return answerJson(200, {});
  }
}

/** Source: quay/quay `endpoints/exception.py`, `ApiException`. */
function failure(request: FakeRequest, status: number, type: string, detail: string): FakeResponse {
  const body = {
    detail,
    error_message: detail,
    error_type: type,
    title: type,
    type: `${originOf(request)}/api/v1/error/${type}`,
    status,
  };
  return {
    ...answerJson(status, body),
    ...(status === 401
      ? {
          headers: {
            "content-type": "application/json",
            "www-authenticate": 'Bearer realm="", scope=""',
          },
        }
      : {}),
  };
}

function digestIn({ body }: FakeRequest): string | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body));
    const isNamed = typeof json === "object" && json !== null && "manifest_digest" in json;
    return isNamed && typeof json.manifest_digest === "string" ? json.manifest_digest : undefined;
  } catch {
    return undefined; // Not JSON: refused as a missing digest.
  }
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toUTCString().replace("GMT", "-0000");
}

export function wellKnown(): FakeResponse {
  return answerJson(200, { appName: "io.quay", capabilities: {} });
}
