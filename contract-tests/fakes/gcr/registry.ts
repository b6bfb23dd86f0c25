import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import { assemble, createFakeRegistry } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { problem } from "../message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../message.ts";
import { routeOf } from "../names.ts";
import type { Route } from "../names.ts";
import { createState } from "../state.ts";
import type { RepositoryState } from "../state.ts";
import { answerListing } from "./listing.ts";
import { createOauth } from "./oauth.ts";
import type { FakeOauth } from "./oauth.ts";

export interface GcrTraits {
  /** Repositories of Artifact Registry; nothing can be pushed outside of them. */
  readonly places?: readonly string[];
  readonly immutableTags?: boolean;
  /** A manifest that another one has as its subject is not deleted, as with attachments. */
  readonly keepsSubjects?: boolean;
  readonly isPlain?: boolean;
  readonly pageSize?: number;
  /** Deletions of one minute; more are refused. Source: Artifact Registry docs, "Quotas". */
  readonly deletesPerMinute?: number;
  readonly now?: () => number;
}

export interface FakeGcr {
  readonly registry: FakeRegistry;
  readonly oauth: FakeOauth;
}

export const PLACE = "my-project/containers";

const MOST_TAGS = 10_000;
const DELETES_PER_MINUTE = 18_000;

/** Artifact Registry with the services that give tokens for it, on one host. Source: the adapter's README. */
export function createFakeGcr(traits: GcrTraits = {}): FakeGcr {
  const { places = [PLACE], now = Date.now, immutableTags = false, isPlain = false } = traits;
  const { pageSize = MOST_TAGS, deletesPerMinute = DELETES_PER_MINUTE } = traits;
  const state = createState();
  const oauth = createOauth(now);
  const plain = createFakeRegistry({
    name: "Artifact Registry",
    state,
    now,
    referrers: false,
    requireBlobs: true,
    automaticMount: false,
    auth: { kind: "bearer", service: "pkg.dev", tokenMethods: "get", users: oauth.users },
  });
  const deletions: number[] = [];
  const uploadedAt = new Map<string, number>();
  const registry = assemble({ ...plain, gate: plain }, async (request) => {
    oauth.expire();
    return (
      oauth.answer(request) ?? withOwnNames(await serve(asTokenRequest(request), plain.handle))
    );
  });
  return { registry, oauth };

  async function serve(request: FakeRequest, handle: Handler): Promise<FakeResponse> {
    const route = routeOf(request.path);
    if (route === undefined || !("name" in route)) return handle(request);
    const base = await handle({ ...request, method: "GET", path: "/v2/" });
    const isLetIn = base.status === 200 || request.headers["authorization"] !== undefined;
    if (!isLetIn) return handle(request);
    if (route.kind === "tags") return listing(request, route.name, handle);
    const isWrite = ["PUT", "POST", "PATCH"].includes(request.method);
    if (isWrite && !places.some((place) => route.name.startsWith(`${place}/`))) {
      return problem(404, {
        code: "NAME_UNKNOWN",
        message: `Repository "${route.name}" not found`,
      });
    }
    if (route.kind !== "manifest") return handle(request);
    const response = (await refusal(request, route, handle)) ?? (await handle(request));
    const digest = response.headers["docker-content-digest"];
    if (request.method === "PUT" && response.status === 201 && typeof digest === "string") {
      uploadedAt.set(digest, now());
    }
    return response;
  }

  /** Asked of the plain registry first, which lets in or not. */
  async function listing(
    request: FakeRequest,
    name: string,
    handle: Handler,
  ): Promise<FakeResponse> {
    const asked = await handle(request);
    if (asked.status !== 200 && asked.status !== 404) return asked;
    return answerListing({ state, places, maxPage: pageSize, isPlain, uploadedAt }, name, request);
  }

  async function refusal(
    request: FakeRequest,
    { name, reference }: Route & { readonly kind: "manifest" },
    handle: Handler,
  ): Promise<FakeResponse | undefined> {
    const repository = state.repositories.get(name);
    const { method } = request;
    if (method !== "DELETE" && method !== "PUT") return undefined;
    const nobody = `/v2/${name}/manifests/sha256:${"0".repeat(64)}`;
    if (method === "DELETE" && (await handle({ ...request, path: nobody })).status === 401) {
      return undefined;
    }
    if (method === "DELETE" && isOverQuota()) return overQuota();
    if (repository === undefined) return undefined;
    if (immutableTags && repository.tags.has(reference)) return immutable(method, reference);
    return method === "DELETE" && isDigest(reference) ? inUse(repository, reference) : undefined;
  }

  function isOverQuota(): boolean {
    const minute = 60_000;
    while ((deletions[0] ?? Number.POSITIVE_INFINITY) <= now() - minute) deletions.shift();
    if (deletions.length >= deletesPerMinute) return true;
    deletions.push(now());
    return false;
  }

  /** What keeps a manifest. Source: genuinetools/reg#136, gcr-cleaner#118 and #130. */
  function inUse({ tags, manifests }: RepositoryState, digest: Digest): FakeResponse | undefined {
    const tag = [...tags].find(([, one]) => one === digest)?.[0];
    if (tag !== undefined) {
      return problem(400, {
        code: "GOOGLE_MANIFEST_DANGLING_TAG",
        message: `Manifest is still referenced by tag: ${tag}`,
      });
    }
    const read = [...manifests].map(([parent, manifest]) => ({
      parent,
      ...readManifest(manifest),
    }));
    const parent = read.find(({ children }) => children.some((child) => child.digest === digest));
    if (parent !== undefined && manifests.has(digest)) {
      return problem(400, {
        code: "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE",
        message: `Manifest ${digest} is referenced by image ${parent.parent}`,
      });
    }
    if (traits.keepsSubjects !== true || !read.some(({ subject }) => subject?.digest === digest)) {
      return undefined;
    }
    return problem(400, "GOOGLE_MANIFEST_REFERRING_MANIFEST");
  }
}

function immutable(method: string, tag: string): FakeResponse {
  const verb = method === "PUT" ? "update" : "delete";
  const message = `cannot ${verb} tag ${tag}. The repository has enabled tag immutability`;
  return problem(400, { code: "MANIFEST_INVALID", message });
}

function overQuota(): FakeResponse {
  const message =
    "RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Project region delete requests' of service 'artifactregistry.googleapis.com'";
  return problem(429, { code: "TOOMANYREQUESTS", message }, { "retry-after": "30" });
}

/** Google's token service stands at `/v2/token`. */
function asTokenRequest(request: FakeRequest): FakeRequest {
  return request.path === "/v2/token" ? { ...request, path: "/token" } : request;
}

function withOwnNames(response: FakeResponse): FakeResponse {
  const { "www-authenticate": challenge, ...headers } = response.headers;
  const own = { server: "Docker Registry", ...headers };
  if (typeof challenge !== "string") return { ...response, headers: own };
  const renamed = challenge.replace(/realm="([^"]*)\/token"/, 'realm="$1/v2/token"');
  return { ...response, headers: { ...own, "www-authenticate": renamed } };
}
