import { answer, answerJson } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { readQuery } from "./query.ts";
import { TRASH_KEY } from "./storage.ts";
import type { Storage } from "./storage.ts";
import { may, userOf } from "./users.ts";
import type { ArtifactoryUser } from "./users.ts";

export interface ApiOptions {
  readonly storage: Storage;
  readonly users: readonly ArtifactoryUser[];
  /** Kinds of the repositories, by key. */
  readonly kinds: ReadonlyMap<string, string>;
  /** Names below a repository's key. */
  readonly imagesOf: (key: string) => readonly string[];
  /** Most rows of a search. */
  readonly searchLimit: number;
  /** Most names of a page of a catalog. */
  readonly pageSize: number;
}

/** Answers below the context path; `undefined` where `/v2/` of a repository is meant. */
export function createApi(options: ApiOptions): (request: FakeRequest) => FakeResponse {
  const { storage, users, kinds } = options;

  return (request) => {
    const { method } = request;
    const path = request.path.slice("/artifactory".length);
    if (path === "/api/system/ping" && method === "GET") return text(200, "OK");
    const user = userOf(request, users);
    if (user === undefined) return unauthorized();
    if (path === "/api/search/aql") return search(user, request);
    if (path === "/api/repositories" && method === "GET") return list(request);
    const [, key] = /^\/api\/repositories\/([^/]+)$/.exec(path) ?? [];
    if (key !== undefined && method === "GET") return describe(key);
    const [, catalogKey] = /^\/api\/docker\/([^/]+)\/v2\/_catalog$/.exec(path) ?? [];
    if (catalogKey !== undefined && method === "GET") return catalog(user, catalogKey, request);
    const [, trashed] = /^\/api\/trash\/restore\/(.+)$/.exec(path) ?? [];
    if (trashed !== undefined && method === "POST") return restore(user, trashed, request);
    if (!path.startsWith("/api/") && method === "DELETE") return remove(user, path.slice(1));
    return failure(404, "Not Found");
  };

  function search(user: ArtifactoryUser, request: FakeRequest): FakeResponse {
    if (request.method !== "POST") return failure(405, "Method Not Allowed");
    if (request.headers["content-type"] !== "text/plain")
      return failure(415, "Unsupported Media Type");
    const query = readQuery(new TextDecoder().decode(request.body));
    if (typeof query === "string") return failure(400, query);
    const isVisible =
      query.repo === TRASH_KEY ? may(user, "manage") : may(user, "read") && user.isBlind !== true;
    const found = isVisible ? storage.files(query.repo).filter(query.matches) : [];
    const shown = found.slice(0, options.searchLimit);
    const range = { start_pos: 0, end_pos: shown.length, total: shown.length };
    const results = shown.map((file) =>
      Object.fromEntries(Object.entries(file).filter(([field]) => query.fields.includes(field))),
    );
    return answerJson(200, {
      results,
      range: shown.length < found.length ? { ...range, notification: TRIMMED } : range,
    });
  }

  function list({ query }: FakeRequest): FakeResponse {
    if (query.get("packageType") !== "docker") return answerJson(200, []);
    const rows = [...kinds].map(([key, kind]) => ({
      key,
      type: kind.toUpperCase(),
      packageType: "Docker",
    }));
    return answerJson(200, rows);
  }

  function describe(key: string): FakeResponse {
    const rclass = kinds.get(key);
    if (rclass === undefined) return failure(400, "Bad Request");
    return answerJson(200, { key, rclass, packageType: "docker" });
  }

  /** The link lacks what stands before `/v2/`. */
  function catalog(user: ArtifactoryUser, key: string, { query }: FakeRequest): FakeResponse {
    if (!may(user, "read")) return failure(403, "Forbidden");
    const names = options.imagesOf(key).toSorted();
    const last = query.get("last");
    const start = last === null ? 0 : names.indexOf(last) + 1;
    const size = Math.min(Number(query.get("n") ?? names.length), options.pageSize);
    const repositories = names.slice(start, start + size);
    const next = new URLSearchParams({ last: repositories.at(-1) ?? "", n: String(size) });
    const isLast = start + size >= names.length;
    const link = `</v2/_catalog?${next.toString()}>; rel="next"`;
    return answerJson(200, { repositories }, isLast ? {} : { link });
  }

  function restore(user: ArtifactoryUser, path: string, { query }: FakeRequest): FakeResponse {
    if (!may(user, "manage")) return failure(403, "Forbidden");
    const to = query.get("to");
    if (to !== null && to !== path) return failure(400, "this fake restores in place only");
    return storage.restore(path)
      ? text(200, "Successfully restored trash items")
      : failure(404, `Item ${path} does not exist`);
  }

  function remove(user: ArtifactoryUser, path: string): FakeResponse {
    const [key = "", ...rest] = path.split("/");
    const kind = kinds.get(key);
    if (kind === undefined) return failure(404, "Could not find repository");
    if (kind === "virtual" || kind === "remote") {
      return failure(405, `Cannot delete from a ${kind} repository`);
    }
    if (!may(user, "delete")) {
      return failure(403, `Not enough permissions to delete artifact '${key}:${rest.join("/")}'`);
    }
    // This fake knows of no smaller and no larger thing than a folder with a manifest.
    if (rest.length < 2) return failure(400, "refused: this would remove more than a tag");
    return storage.remove(key, rest.join("/"))
      ? answer(204)
      : failure(404, `Could not locate artifact '${key}:${rest.join("/")}'`);
  }
}

const TRIMMED = "AQL query reached the search hard limit, results are trimmed.";

function text(status: number, body: string): FakeResponse {
  return answer(status, { "content-type": "text/plain" }, new TextEncoder().encode(body));
}

function unauthorized(): FakeResponse {
  return failure(401, "Bad credentials", { "www-authenticate": 'Basic realm="Artifactory Realm"' });
}

function failure(
  status: number,
  message: string,
  headers: FakeResponse["headers"] = {},
): FakeResponse {
  return answerJson(status, { errors: [{ status, message }] }, headers);
}
