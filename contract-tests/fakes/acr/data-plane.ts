import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { answer, answerJson, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState, RepositoryState } from "../state.ts";
import type { Locks } from "./locks.ts";
import type { AcrNeed } from "./tokens.ts";

export interface DataPlane {
  readonly state: RegistryState;
  readonly locks: Locks;
  /** Most entries of a page. */
  readonly maxPage: number;
  /** When a tag was last set, in milliseconds since the epoch. */
  readonly setAt: (name: string, tag: string) => number;
  readonly check: (request: FakeRequest, needs: readonly AcrNeed[]) => FakeResponse | undefined;
}

/** Entries of a page when the client names no `n`. */
const DEFAULT_PAGE = 100;

/** `/acr/v1/`. Source: Azure Container Registry data plane; Azure/acr#749 for the maximum of a page. */
export function serveDataPlane(plane: DataPlane, request: FakeRequest): FakeResponse {
  const below = request.path.slice("/acr/v1/".length);
  const [, name = below, kind, item] =
    /^(.+?)\/(_tags|_manifests)(?:\/([^/]+))?$/.exec(below) ?? [];
  const isDeletion = request.method === "DELETE";
  const action = isDeletion ? "delete" : "metadata_read";
  const refusal = plane.check(request, [{ repository: name, action }]);
  if (refusal !== undefined) return refusal;
  const repository = plane.state.repositories.get(name);
  if (repository === undefined) {
    const message = "repository name not known to registry";
    return problem(404, { code: "NAME_UNKNOWN", message, detail: { name } });
  }
  const target: Target = { name, repository, request };
  if (kind === "_tags" && item !== undefined) {
    if (isDeletion) return deleteTag(plane, target, item);
    if (request.method === "GET") return showTag(plane, target, item);
  }
  if (kind === "_manifests" && item !== undefined && request.method === "GET") {
    return showManifest(plane, target, item);
  }
  if (item === undefined && request.method === "GET") {
    if (kind === "_tags") return listTags(plane, target);
    if (kind === "_manifests") return listManifests(plane, target);
    return answerJson(200, {
      registry: request.headers["host"],
      imageName: name,
      manifestCount: repository.manifests.size,
      tagCount: repository.tags.size,
      changeableAttributes: plane.locks.of(name),
    });
  }
  return problem(405, "UNSUPPORTED");
}

interface Target {
  readonly name: string;
  readonly repository: RepositoryState;
  readonly request: FakeRequest;
}

function listTags(plane: DataPlane, target: Target): FakeResponse {
  const { name, repository, request } = target;
  const only = request.query.get("digest");
  const tags = [...repository.tags]
    .filter(([, digest]) => only === null || digest === only)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return page(plane, target, {
    entries: tags,
    keyOf: ([tag]) => tag,
    body: (entries) => ({
      tags: entries.map(([tag, digest]) => tagOf(plane, name, { tag, digest })),
    }),
  });
}

function listManifests(plane: DataPlane, target: Target): FakeResponse {
  const digests = [...target.repository.manifests.keys()].toSorted();
  return page(plane, target, {
    entries: digests,
    keyOf: (digest) => digest,
    body: (entries) => ({ manifests: entries.map((digest) => manifestOf(plane, target, digest)) }),
  });
}

function showTag(
  plane: DataPlane,
  { name, repository, request }: Target,
  tag: string,
): FakeResponse {
  const digest = repository.tags.get(tag);
  if (digest === undefined) return unknownTag();
  return answerJson(200, {
    registry: request.headers["host"],
    imageName: name,
    tag: tagOf(plane, name, { tag, digest }),
  });
}

function showManifest(plane: DataPlane, target: Target, digest: string): FakeResponse {
  if (!isDigest(digest) || !target.repository.manifests.has(digest)) {
    return problem(404, "MANIFEST_UNKNOWN");
  }
  return answerJson(200, {
    registry: target.request.headers["host"],
    imageName: target.name,
    manifest: manifestOf(plane, target, digest),
  });
}

function deleteTag({ locks }: DataPlane, { name, repository }: Target, tag: string): FakeResponse {
  if (!repository.tags.has(tag)) return unknownTag();
  if (!locks.mayDelete(name, tag)) return disallowed();
  repository.tags.delete(tag);
  return answer(202);
}

/** The answer to whatever a lock forbids. Source: Azure/acr-cli#70. */
export function disallowed(): FakeResponse {
  return problem(405, {
    code: "REGISTRY_DISALLOWED_OPERATION",
    message: "The operation is disallowed on this registry, repository or image.",
    detail: {},
  });
}

function unknownTag(): FakeResponse {
  return problem(404, { code: "TAG_UNKNOWN", message: "the specified tag does not exist" });
}

function tagOf(
  { locks, setAt }: DataPlane,
  name: string,
  { tag, digest }: { readonly tag: string; readonly digest: Digest },
): object {
  const time = new Date(setAt(name, tag)).toISOString();
  return {
    name: tag,
    digest,
    createdTime: time,
    lastUpdateTime: time,
    signed: false,
    changeableAttributes: locks.of(name, tag),
  };
}

function manifestOf(
  { locks, setAt }: DataPlane,
  { name, repository }: Target,
  digest: Digest,
): object {
  const time = new Date(setAt(name, digest)).toISOString();
  const tags = [...repository.tags].flatMap(([tag, on]) => (on === digest ? [tag] : []));
  return {
    digest,
    imageSize: 1234,
    createdTime: time,
    lastUpdateTime: time,
    mediaType: repository.manifests.get(digest)?.mediaType,
    ...(tags.length === 0 ? {} : { tags }),
    changeableAttributes: locks.of(name, digest),
  };
}

interface Pages<Entry> {
  readonly entries: readonly Entry[];
  readonly keyOf: (entry: Entry) => string;
  readonly body: (entries: readonly Entry[]) => object;
}

const KNOWN = new Set(["n", "last", "digest", "orderby"]);

function page<Entry>(
  { maxPage }: DataPlane,
  { name, request }: Target,
  { entries, keyOf, body }: Pages<Entry>,
): FakeResponse {
  const { query, path, headers } = request;
  const n = query.get("n") ?? String(Math.min(DEFAULT_PAGE, maxPage));
  const isKnown = [...query.keys()].every((key) => KNOWN.has(key));
  if (!isKnown || !/^[1-9]\d*$/.test(n)) return problem(400, "PAGINATION_NUMBER_INVALID");
  const size = Math.min(Number(n), maxPage);
  const last = query.get("last") ?? "";
  const rest = entries.filter((entry) => keyOf(entry) > last);
  const shown = rest.slice(0, size);
  const next = new URLSearchParams(query);
  const end = shown.at(-1);
  if (end !== undefined) next.set("last", keyOf(end));
  const link = rest.length > size ? { link: `<${path}?${next.toString()}>; rel="next"` } : {};
  return answerJson(200, { registry: headers["host"], imageName: name, ...body(shown) }, link);
}
