import { answer, answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { FakePackage, FakePackages, FakeVersion } from "./packages.ts";

/** Source: GitHub Docs, "REST API endpoints for packages", version 2022-11-28. */
export interface RestOptions {
  readonly packages: FakePackages;
  readonly now: () => number;
  readonly accounts: Readonly<Record<string, "Organization" | "User">>;
  readonly tokens: readonly FakeToken[];
  /** Most versions of a page. */
  readonly maxPage: number;
  /** Digests of public versions with more than 5000 downloads. */
  readonly popular: ReadonlySet<string>;
  /** How packages are typed, by repository name; default: `container`. */
  readonly types: Readonly<Record<string, "container" | "docker">>;
}

export interface FakeToken {
  readonly token: string;
  /** Absent: of an installation, so nobody's. */
  readonly login?: string;
  /** Absent: not a classic one, so without scopes. */
  readonly scopes?: readonly string[];
  /** On every package. `read`: what may not be deleted looks absent. */
  readonly role?: "read" | "admin";
}

const DEFAULT_PAGE = 30;
const RESTORABLE_MS = 30 * 24 * 3_600_000;
const PATH =
  /^\/(?:orgs\/([^/]+)|users\/([^/]+)|user)\/packages\/(container|docker)\/(.+?)(?:\/versions(?:\/(\d+))?)?(\/restore)?$/;

export function refused(status: number, message: string): FakeResponse {
  const documentation_url = "https://docs.github.com/rest";
  return answerJson(status, { message, documentation_url, status: String(status) });
}

export function createRest(options: RestOptions): (request: FakeRequest) => FakeResponse {
  const { packages, now, accounts, tokens, maxPage, popular, types } = options;

  return (request) => {
    if (request.headers["user-agent"] === undefined) return refused(403, "Request forbidden");
    const token = tokenOf(request);
    if (token === undefined) {
      const isGiven = request.headers["authorization"] !== undefined;
      return refused(401, isGiven ? "Bad credentials" : "Requires authentication");
    }
    const response = serve(request, token);
    const { scopes } = token;
    const told = scopes === undefined ? {} : { "x-oauth-scopes": scopes.join(", ") };
    return { ...response, headers: { ...told, ...response.headers } };
  };

  function tokenOf({ headers }: FakeRequest): FakeToken | undefined {
    const given = /^(?:bearer|token) (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
    return tokens.find(({ token }) => token === given);
  }

  function serve(request: FakeRequest, token: FakeToken): FakeResponse {
    const { method, path } = request;
    if (method === "GET" && path === "/user") {
      if (token.login === undefined) {
        return refused(403, "Resource not accessible by integration");
      }
      return account(token.login);
    }
    const login = /^\/users\/([^/]+)$/.exec(path)?.[1];
    if (method === "GET" && login !== undefined) return account(login);
    const owned = /^\/(?:orgs\/([^/]+)|users\/([^/]+)|user)\/packages$/.exec(path);
    if (method === "GET" && owned !== null) return listPackages(request, token, owned);
    const match = PATH.exec(path);
    if (match === null) return refused(404, "Not Found");
    const owner = ownerIn(match, token);
    if (owner === undefined) return refused(404, "Not Found");
    return servePackage(request, token, `${owner}/${match[4]}`, {
      type: match[3] ?? "",
      id: match[5] === undefined ? undefined : Number(match[5]),
      ofVersions: /\/versions(?:\/\d+)?(?:\/restore)?$/.test(path),
      restores: match[6] !== undefined,
    });
  }

  function account(login: string): FakeResponse {
    const type = accounts[login];
    return type === undefined ? refused(404, "Not Found") : answerJson(200, { login, type });
  }

  /** The owner a path names, when it is of the kind that the path is for. */
  function ownerIn([, org, user]: RegExpExecArray, { login }: FakeToken): string | undefined {
    if (org !== undefined) return accounts[org] === "Organization" ? org : undefined;
    if (user !== undefined) return accounts[user] === "User" ? user : undefined;
    return login;
  }

  function listPackages(
    request: FakeRequest,
    token: FakeToken,
    match: RegExpExecArray,
  ): FakeResponse {
    if (token.scopes === undefined) {
      return refused(403, "Resource not accessible by integration");
    }
    const type = request.query.get("package_type");
    if (type === null) return refused(400, "The package_type parameter is required.");
    const owner = ownerIn(match, token);
    if (owner === undefined) return refused(404, "Not Found");
    const own = packages
      .names()
      .filter((name) => name.startsWith(`${owner}/`) && typeOf(name) === type);
    return answerPage(request, own, (name) => described(name));
  }

  interface Target {
    readonly type: string;
    readonly id: number | undefined;
    readonly ofVersions: boolean;
    readonly restores: boolean;
  }

  function servePackage(
    request: FakeRequest,
    token: FakeToken,
    name: string,
    { type, id, ofVersions, restores }: Target,
  ): FakeResponse {
    const { method } = request;
    const right = method === "GET" ? "read:packages" : "delete:packages";
    if (token.scopes !== undefined && !token.scopes.includes(right)) {
      const refusal = refused(403, `You need at least ${right} scope for this.`);
      return { ...refusal, headers: { ...refusal.headers, "x-accepted-oauth-scopes": right } };
    }
    if (method !== "GET" && token.role === "read") return refused(404, "Not Found");
    const found = typeOf(name) === type ? packages.get(name) : undefined;
    if (method === "POST" && restores && !ofVersions) return restorePackage(name);
    if (found === undefined) return refused(404, "Package not found.");
    if (method === "GET" && !ofVersions) return answerJson(200, described(name));
    if (method === "DELETE" && !ofVersions) return deletePackage(name, found);
    if (method === "GET" && id === undefined) return listVersions(request, found);
    if (method === "POST" && restores) return restoreVersion(name, found, id);
    const version = versionOf(found, id);
    if (version === undefined) return refused(404, "Package version not found.");
    if (method === "GET") return answerJson(200, shown(version, type));
    if (method === "DELETE") return deleteVersion(name, found, version);
    return refused(404, "Not Found");
  }

  function listVersions(request: FakeRequest, found: FakePackage): FakeResponse {
    const state = request.query.get("state") ?? "active";
    if (state !== "active" && state !== "deleted") return refused(422, "Validation Failed");
    const listed = state === "active" ? found.versions.values() : found.deleted.values();
    const sorted = [...listed].sort((a, b) => b.updatedAt - a.updatedAt || b.order - a.order);
    const type = request.path.includes("/packages/docker/") ? "docker" : "container";
    return answerPage(request, sorted, (version) => shown(version, type));
  }

  function deleteVersion(name: string, found: FakePackage, version: FakeVersion): FakeResponse {
    if (popular.has(version.digest)) {
      return refused(
        400,
        "Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.",
      );
    }
    if (found.versions.size === 1 || isLastTagged(found, version)) {
      const kind = version.tags.size > 0 ? "tagged version" : "version";
      return refused(
        400,
        `You cannot delete the last ${kind} of a package. You must delete the package instead.`,
      );
    }
    packages.remove(name, version);
    return answer(204);
  }

  function isLastTagged({ versions }: FakePackage, version: FakeVersion): boolean {
    if (version.tags.size === 0) return false;
    for (const other of versions.values()) {
      if (other !== version && other.tags.size > 0) return false;
    }
    return true;
  }

  function deletePackage(name: string, { versions }: FakePackage): FakeResponse {
    if ([...versions.values()].some(({ digest }) => popular.has(digest))) {
      return refused(
        400,
        "Publicly visible packages with a version with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.",
      );
    }
    for (const version of versions.values().toArray()) packages.remove(name, version);
    return answer(204);
  }

  function restorePackage(name: string): FakeResponse {
    const gone = packages.goneWith(name);
    if (gone === undefined || gone.versions.size > 0 || gone.deleted.size === 0) {
      return refused(404, "Package not found.");
    }
    for (const version of gone.deleted.values().toArray()) packages.restore(name, version);
    return answer(204);
  }

  function restoreVersion(
    name: string,
    { deleted }: FakePackage,
    id: number | undefined,
  ): FakeResponse {
    const version = deleted.get(id ?? 0);
    if (version === undefined || version.deletedAt + RESTORABLE_MS < now()) {
      return refused(404, "Package version not found.");
    }
    packages.restore(name, version);
    return answer(204);
  }

  function versionOf(
    { ids, versions }: FakePackage,
    id: number | undefined,
  ): FakeVersion | undefined {
    const digest = ids.get(id ?? 0);
    const version = digest === undefined ? undefined : versions.get(digest);
    return version?.id === id ? version : undefined;
  }

  function typeOf(name: string): "container" | "docker" {
    return types[name] ?? "container";
  }

  function described(name: string): unknown {
    return {
      id: 1,
      name: name.split("/").slice(1).join("/"),
      package_type: typeOf(name),
      version_count: packages.get(name)?.versions.size ?? 0,
      visibility: "private",
    };
  }

  function answerPage<Item>(
    request: FakeRequest,
    items: readonly Item[],
    show: (item: Item) => unknown,
  ): FakeResponse {
    const asked = Number(request.query.get("per_page") ?? DEFAULT_PAGE);
    const size = Math.min(maxPage, Number.isInteger(asked) && asked > 0 ? asked : DEFAULT_PAGE);
    const page = Math.max(1, Math.trunc(Number(request.query.get("page") ?? 1)) || 1);
    const last = Math.max(1, Math.ceil(items.length / size));
    const shownItems = items.slice((page - 1) * size, page * size).map(show);
    const link = linkTo(request, page, last);
    return answerJson(200, shownItems, link === "" ? {} : { link });
  }
}

function linkTo(request: FakeRequest, page: number, last: number): string {
  const link = (number: number, relation: string): string => {
    const query = new URLSearchParams(request.query);
    query.set("page", String(number));
    // The real ones lead to `/organizations/ID/…`: nobody may take the path for granted.
    return `<${originOf(request)}/organizations/1${request.path}?${query.toString()}>; rel="${relation}"`;
  };
  return [
    ...(page > 1 ? [link(page - 1, "prev")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
    ...(page > 1 ? [link(1, "first")] : []),
  ].join(", ");
}

function shown({ id, digest, createdAt, updatedAt, tags }: FakeVersion, type: string): unknown {
  return {
    id,
    name: digest,
    url: `https://api.example/versions/${id}`,
    created_at: rfc3339(createdAt),
    updated_at: rfc3339(updatedAt),
    metadata:
      type === "docker"
        ? { package_type: "docker", docker: { tag: [...tags] } }
        : { package_type: "container", container: { tags: [...tags] } },
  };
}

/** In whole seconds. */
function rfc3339(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
