import { basicUser } from "../auth.ts";
import { answer, answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState } from "../state.ts";
import type { Component, Components } from "./components.ts";

/** Of one repository: `nx-repository-view-docker-<repository>-<privilege>`. */
export type Privilege = "browse" | "read" | "add" | "edit" | "delete";

export interface NexusUser {
  readonly username: string;
  readonly password: string;
  /** Default: all. */
  readonly privileges?: readonly Privilege[];
}

export interface ApiOptions {
  readonly state: RegistryState;
  readonly components: Components;
  readonly users: readonly NexusUser[];
  readonly repositories: ReadonlyMap<string, string>;
  readonly placeOf: (name: string) => { readonly repository: string; readonly image: string };
  readonly nameOf: (repository: string, image: string) => string;
  /** Components of a page of `/components`, and of one of `/search`. */
  readonly pageSizes: { readonly components: number; readonly search: number };
}

const BASE = "/service/rest/v1";

/** Everything but `/v2/` on the host itself. Source: the API's description of 3.96, and observed answers. */
export function createApi(options: ApiOptions): (request: FakeRequest) => FakeResponse {
  const { components, repositories, users, pageSizes } = options;

  return (request) => {
    const { method, path } = request;
    if (path === `${BASE}/status` && method === "GET") return answerJson(200, {});
    if (path === "/service/rest/swagger.json" && method === "GET") {
      return answerJson(200, { info: { title: "Nexus Repository Manager REST API" } });
    }
    const found = basicUser(request.headers["authorization"], users.map(asFakeUser));
    const user = users.find(({ username }) => username === found?.username);
    if (user === undefined) return unauthorized();
    if (path === `${BASE}/repositories` && method === "GET") return list(user, request);
    if (path === `${BASE}/components` && method === "GET") return readAll(user, request);
    if (path === `${BASE}/search` && method === "GET") return search(user, request);
    const [, name] = new RegExp(`^${BASE}/repositories/([^/]+)$`).exec(path) ?? [];
    if (name !== undefined && method === "GET") return describe(user, name, request);
    const [, id] = new RegExp(`^${BASE}/components/([^/]+)$`).exec(path) ?? [];
    if (id !== undefined && method === "GET") return readOne(user, id, request);
    if (id !== undefined && method === "DELETE") return remove(user, id);
    const [, store] = /^\/repository\/([^/]+)\/v2\/_catalog$/.exec(path) ?? [];
    if (store !== undefined && method === "GET") return catalog(user, store, request);
    return fault(404, "NOT_FOUND");
  };

  function list(user: NexusUser, request: FakeRequest): FakeResponse {
    const names = may(user, "browse") ? [...repositories.keys()] : [];
    return answerJson(
      200,
      names.map((name) => infoOf(name, request)),
    );
  }

  function describe(user: NexusUser, name: string, request: FakeRequest): FakeResponse {
    if (!repositories.has(name)) return fault(404, "NOT_FOUND");
    return may(user, "browse") || may(user, "read")
      ? answerJson(200, infoOf(name, request))
      : fault(403, "FORBIDDEN");
  }

  function infoOf(name: string, request: FakeRequest): object {
    const type = repositories.get(name);
    return { name, format: "docker", type, url: `${originOf(request)}/repository/${name}` };
  }

  function readAll(user: NexusUser, request: FakeRequest): FakeResponse {
    const repository = request.query.get("repository");
    if (repository === null) return fault(422, "UNPROCESSABLE_ENTITY");
    if (!repositories.has(repository)) return fault(404, "NOT_FOUND");
    if (!may(user, "browse") && !may(user, "read")) return fault(403, "FORBIDDEN");
    const items = components.all(repository);
    const after = request.query.get("continuationToken");
    const start = after === null ? 0 : items.findIndex(({ id }) => tokenOf(id) > after);
    const page = items.slice(start === -1 ? items.length : start).slice(0, pageSizes.components);
    const last = page.at(-1);
    const isLast = last === undefined || last.id === items.at(-1)?.id;
    return answerJson(200, {
      items: page.map((one) => shown(one, request)),
      continuationToken: isLast ? null : tokenOf(last.id),
    });
  }

  /** Its token is an offset. */
  function search(user: NexusUser, request: FakeRequest): FakeResponse {
    const { query } = request;
    const unknown = [...query.keys()].find((key) => !SEARCH_PARAMETERS.has(key));
    if (unknown !== undefined) return fault(400, "BAD_REQUEST");
    if (!may(user, "browse") && !may(user, "read")) return fault(403, "FORBIDDEN");
    const hits = may(user, "browse") ? components.indexed(query.get("repository") ?? "") : [];
    const matching = hits.filter(
      ({ name, version }) =>
        (query.get("name") ?? name) === name && (query.get("version") ?? version) === version,
    );
    const start = Number(query.get("continuationToken") ?? 0);
    const end = start + pageSizes.search;
    return answerJson(200, {
      items: matching.slice(start, end).map((one) => shown(one, request)),
      continuationToken: end < matching.length ? String(end) : null,
    });
  }

  function readOne(user: NexusUser, id: string, request: FakeRequest): FakeResponse {
    if (!isId(id)) return fault(422, "UNPROCESSABLE_ENTITY");
    const found = components.find(id);
    if (found === undefined) return fault(404, "NOT_FOUND");
    if (!may(user, "browse") && !may(user, "read")) return fault(403, "FORBIDDEN");
    return answerJson(200, shown(found, request));
  }

  function remove(user: NexusUser, id: string): FakeResponse {
    if (!isId(id)) return fault(422, "UNPROCESSABLE_ENTITY");
    const found = components.find(id);
    if (found === undefined) return fault(404, "NOT_FOUND");
    const needed: readonly Privilege[] = ["browse", "read", "delete"];
    if (!needed.every((privilege) => may(user, privilege))) return fault(403, "FORBIDDEN");
    components.remove(found);
    return answer(204);
  }

  function catalog(user: NexusUser, store: string, { query }: FakeRequest): FakeResponse {
    if (!repositories.has(store)) return page(404, "Repository not found");
    if (!may(user, "read")) return fault(403, "FORBIDDEN");
    const names = [...options.state.repositories]
      .filter(([, { tags }]) => tags.size > 0)
      .map(([name]) => options.placeOf(name))
      .flatMap(({ repository, image }) => (repository === store ? [image] : []))
      .toSorted();
    const last = query.get("last");
    const start = last === null ? 0 : names.indexOf(last) + 1;
    const size = Number(query.get("n") ?? names.length);
    const found = names.slice(start, start + size);
    const next = new URLSearchParams({ n: String(size), last: found.at(-1) ?? "" });
    const link = `</v2/_catalog?${next.toString()}>; rel="next"`;
    const isLast = start + size >= names.length;
    return answerJson(200, { repositories: found }, isLast ? {} : { link });
  }

  function shown(
    { id, repository, name, version, digest, lastModified }: Component,
    request: FakeRequest,
  ): object {
    const full = options.nameOf(repository, name);
    const manifest = options.state.repositories.get(full)?.manifests.get(digest);
    const path = `/v2/${name}/manifests/${version}`;
    return {
      id,
      repository,
      format: "docker",
      group: "",
      name,
      version,
      assets: [
        {
          id,
          repository,
          format: "docker",
          path,
          downloadUrl: `${originOf(request)}/repository/${repository}${path}`,
          checksum: { sha256: digest.slice("sha256:".length) },
          contentType: manifest?.mediaType ?? null,
          lastModified: new Date(lastModified).toISOString().replace("Z", "+00:00"),
          fileSize: manifest?.bytes.length ?? 0,
        },
      ],
    };
  }
}

const SEARCH_PARAMETERS = new Set(["repository", "name", "version", "continuationToken"]);

export function may({ privileges }: NexusUser, privilege: Privilege): boolean {
  return privileges?.includes(privilege) ?? true;
}

function asFakeUser({ username, password }: NexusUser): { username: string; password: string } {
  return { username, password };
}

/** Hex, in the order of the ids. */
function tokenOf(id: string): string {
  return Buffer.from(id).toString("hex");
}

function isId(id: string): boolean {
  return /^[^:]+:[0-9a-f]{32}$/.test(Buffer.from(id, "base64url").toString("utf8"));
}

function unauthorized(): FakeResponse {
  const realm = 'BASIC realm="Sonatype Nexus Repository Manager"';
  return answer(401, { "www-authenticate": realm });
}

function fault(status: number, message: string): FakeResponse {
  return answerJson(status, {
    "status-code": status,
    "siesta-faultid": "4821f00d-3cec-4699-94e4-9b070aaddbf6",
    "status-message": message,
  });
}

function page(status: number, text: string): FakeResponse {
  const body = new TextEncoder().encode(`<html><title>${text}</title></html>`);
  return answer(status, { "content-type": "text/html" }, body);
}
