import { isDigest } from "../../../src/oci/digest.ts";
import { createRepository, repositoryIn } from "../state.ts";
import type { RegistryState, RepositoryState } from "../state.ts";
import { answer, answerJson, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { artifactsOf, deleteDeeply, displayed, isAccessory, rowOf } from "./artifacts.ts";
import type { ArtifactRow } from "./artifacts.ts";
import { copyDeeply } from "./copying.ts";
import { has, projectOf } from "./gate.ts";
import type { HarborGate, Permission } from "./gate.ts";

export interface ApiOptions {
  readonly state: RegistryState;
  readonly gate: HarborGate;
  readonly projects: ReadonlySet<string>;
  readonly isImmutable: (repository: string, tag: string) => boolean;
  /** Nothing can be added to a project. */
  readonly quotaExceeded: boolean;
  /** When a tag came to where it points, milliseconds since the epoch. */
  readonly pushTime: (repository: string, tag: string) => number;
  readonly maxPage: number;
}

/** Source: goharbor/harbor `api/v2.0/swagger.yaml`, parameter `pageSize`. */
const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 10;

/** Harbor's API v2.0, as far as it is about artifacts. `undefined`: the path is not its. */
export function createHarborApi(
  options: ApiOptions,
): (request: FakeRequest) => FakeResponse | undefined {
  const { state, gate, projects, isImmutable, pushTime, maxPage } = options;

  return (request) => {
    const { path, method, headers } = request;
    if (!path.startsWith("/api/v2.0/")) return undefined;
    if (path === "/api/v2.0/ping") return text("Pong");
    if (method !== "GET" && headers["cookie"] !== undefined) {
      return problem(403, { code: "FORBIDDEN", message: "CSRF token not found in request" });
    }
    const response = route(request, path.slice("/api/v2.0".length));
    return {
      ...response,
      headers: { "set-cookie": "sid=0123456789; Path=/; HttpOnly", ...response.headers },
    };
  };

  function route(request: FakeRequest, path: string): FakeResponse {
    if (path === "/repositories") return listRepositories(request, undefined);
    // One decoding is done by the server; the name of a repository still has the other.
    const [, project = "", rest = ""] =
      /^\/projects\/([^/]+)\/repositories(?:\/(.*))?$/.exec(path) ?? [];
    if (project === "")
      return problem(404, { code: "NOT_FOUND", message: `path ${path} was not found` });
    if (rest === "") return listRepositories(request, project);
    const [encoded = "", artifacts, key, tags, tag, ...more] = rest.split("/");
    if (artifacts !== "artifacts" || more.length > 0) {
      return problem(404, { code: "NOT_FOUND", message: `path ${path} was not found` });
    }
    const name = `${project}/${decodeURIComponent(encoded)}`;
    const call = { request, project, name };
    if (key === undefined) {
      if (request.method === "POST") return copyArtifact(call);
      return request.method === "GET" ? listArtifacts(call) : notAllowed();
    }
    if (tags === undefined) {
      if (request.method === "GET") return getArtifact(call, key);
      return request.method === "DELETE" ? deleteArtifact(call, key) : notAllowed();
    }
    if (tags !== "tags" || tag === undefined || request.method !== "DELETE") return notAllowed();
    return deleteTag(call, key, tag);
  }

  interface RepositoryCall {
    readonly request: FakeRequest;
    readonly project: string;
    /** With its project. */
    readonly name: string;
  }

  function listArtifacts({ request, project, name }: RepositoryCall): FakeResponse {
    return (
      refuse(request, project, "artifact:list") ??
      paged(request, displayed(repositoryOf(name)), (digests) =>
        artifactsOf(repositoryOf(name), new Set(digests)).map((row) =>
          artifactJson(request, name, row),
        ),
      )
    );
  }

  function listRepositories(request: FakeRequest, project: string | undefined): FakeResponse {
    const user = gate.userOf(request);
    if (user === "refused") return unauthorized();
    if (project !== undefined) {
      const refusal = refuse(request, project, "repository:list");
      if (refusal !== undefined) return refusal;
    }
    const names = [...state.repositories.keys()].toSorted();
    const shown = names.filter((name) => project === undefined || name.startsWith(`${project}/`));
    return paged(request, user === undefined ? [] : shown, (page) =>
      page.map((name) => ({ name })),
    );
  }

  /** Source: goharbor/harbor `src/server/v2.0/handler/artifact.go`, `CopyArtifact`; `src/server/middleware/quota`. */
  function copyArtifact({ request, project, name }: RepositoryCall): FakeResponse {
    const [, from = "", digest = ""] =
      /^([^@]+)@(sha256:[0-9a-f]{64})$/.exec(request.query.get("from") ?? "") ?? [];
    const refusal = refuse(request, project, "artifact:create");
    if (refusal !== undefined) return refusal;
    if (!isDigest(digest)) {
      return problem(400, { code: "BAD_REQUEST", message: "invalid input" });
    }
    const unreadable = refuse(request, projectOf(from), "artifact:read");
    if (unreadable !== undefined) return unreadable;
    const source = repositoryOf(from);
    if (!source.manifests.has(digest)) return absent(from, digest);
    if (isAccessory(source, digest)) {
      const message = "the operation isn't supported for an artifact accessory";
      return problem(403, { code: "DENIED", message });
    }
    if (options.quotaExceeded) {
      const message = `adding 1.0 MiB of storage resource, which when updated to current usage will exceed the configured upper limit of project ${project}`;
      return problem(403, { code: "DENIED", message });
    }
    const target = repositoryIn(state, name);
    const refused = copyDeeply(source, target, digest, (tag) => isImmutable(name, tag));
    if (refused === undefined) return answer(201, { location: `${request.path}/${digest}` });
    const message = `the tag ${refused.tag} configured as immutable, cannot be updated`;
    return problem(412, { code: "PRECONDITION", message });
  }

  function getArtifact({ request, project, name }: RepositoryCall, key: string): FakeResponse {
    const refusal = refuse(request, project, "artifact:read");
    if (refusal !== undefined) return refusal;
    const row = rowOf(repositoryOf(name), key);
    return row === undefined
      ? absent(name, key)
      : answerJson(200, artifactJson(request, name, row));
  }

  function deleteArtifact({ request, project, name }: RepositoryCall, key: string): FakeResponse {
    const refusal = refuse(request, project, "artifact:delete");
    if (refusal !== undefined) return refusal;
    const row = rowOf(repositoryOf(name), key);
    if (row === undefined) return absent(name, key);
    return deletion(name, row) ?? answer(200);
  }

  function deletion(name: string, row: ArtifactRow): FakeResponse | undefined {
    const refused = deleteDeeply(repositoryOf(name), row.digest, (tag) => isImmutable(name, tag));
    return refused === undefined ? undefined : refusalOf(refused);
  }

  function deleteTag(
    { request, project, name }: RepositoryCall,
    key: string,
    tag: string,
  ): FakeResponse {
    const refusal = refuse(request, project, "tag:delete");
    if (refusal !== undefined) return refusal;
    const row = rowOf(repositoryOf(name), key);
    if (row === undefined) return absent(name, key);
    if (!row.tags.includes(tag)) {
      const message = `tag ${tag} attached to artifact ${row.id} not found`;
      return problem(404, { code: "NOT_FOUND", message });
    }
    if (isImmutable(name, tag)) return refusalOf({ kind: "immutable", tag });
    repositoryOf(name).tags.delete(tag);
    return answer(200);
  }

  function refuse(
    request: FakeRequest,
    project: string,
    permission: Permission,
  ): FakeResponse | undefined {
    const user = gate.userOf(request);
    if (user === "refused" || user === undefined) return unauthorized();
    return has(user, permission) && projects.has(project)
      ? undefined
      : problem(403, { code: "FORBIDDEN", message: "forbidden" });
  }

  function artifactJson({ query }: FakeRequest, name: string, row: ArtifactRow): object {
    const { id, digest, mediaType, size, tags, children, accessories } = row;
    return {
      id,
      type: "IMAGE",
      digest,
      size: size + 1_000_000,
      manifest_media_type: mediaType,
      push_time: new Date(pushTime(name, digest)).toISOString(),
      references:
        children.length === 0
          ? null
          : children.map((child) => ({ child_digest: child, parent_id: id })),
      tags:
        query.get("with_tag") === "false"
          ? null
          : tags.map((tag, at) => ({
              id: at + 1,
              artifact_id: id,
              name: tag,
              push_time: new Date(pushTime(name, tag)).toISOString(),
              pull_time: "0001-01-01T00:00:00.000Z",
              immutable: false,
            })),
      accessories:
        query.get("with_accessory") === "true"
          ? accessories.map((accessory) => ({ digest: accessory, type: "subject.accessory" }))
          : null,
    };
  }

  function paged<T>(
    request: FakeRequest,
    items: readonly T[],
    shape: (page: readonly T[]) => readonly object[],
  ): FakeResponse {
    const { query, path } = request;
    const number = positive(query.get("page"), 1);
    const asked = positive(query.get("page_size"), DEFAULT_PAGE_SIZE);
    if (number === undefined || asked === undefined || asked > MAX_PAGE_SIZE) {
      const message = `page_size in query should be less than or equal to ${MAX_PAGE_SIZE}`;
      return problem(422, { code: "UNPROCESSABLE_ENTITY", message });
    }
    const size = Math.min(asked, maxPage);
    const next = new URLSearchParams(query);
    next.set("page", String(number + 1));
    next.set("page_size", String(size));
    const link = `<${encodeURI(path)}?${next.toString()}>; rel="next"`;
    const page = items.slice((number - 1) * size, number * size);
    return answerJson(200, shape(page), {
      "x-total-count": String(items.length),
      ...(number * size < items.length ? { link } : {}),
    });
  }

  function repositoryOf(name: string): RepositoryState {
    return state.repositories.get(name) ?? createRepository();
  }
}

/** What Harbor answers to a deletion that its rules forbid. */
export function refusalOf(refusal: NonNullable<ReturnType<typeof deleteDeeply>>): FakeResponse {
  return refusal.kind === "immutable"
    ? problem(412, {
        code: "PRECONDITION",
        message: `the tag ${refusal.tag} configured as immutable, cannot be deleted`,
      })
    : problem(412, {
        code: "VIOLATE_FOREIGN_KEY_CONSTRAINT",
        message: "the deleting artifact is referenced by others",
      });
}

function absent(name: string, key: string): FakeResponse {
  const separator = key.includes(":") ? "@" : ":";
  return problem(404, {
    code: "NOT_FOUND",
    message: `artifact ${name}${separator}${key} not found`,
  });
}

function unauthorized(): FakeResponse {
  return problem(401, { code: "UNAUTHORIZED", message: "unauthorized" });
}

function notAllowed(): FakeResponse {
  return problem(405, { code: "METHOD_NOT_ALLOWED", message: "method not allowed" });
}

function text(body: string): FakeResponse {
  return answer(200, { "content-type": "text/plain" }, new TextEncoder().encode(body));
}

/** `undefined`: no positive number. */
function positive(value: string | null, otherwise: number): number | undefined {
  if (value === null) return otherwise;
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}
