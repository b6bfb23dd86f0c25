import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import type { Personality } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import type { RepositoryState } from "../state.ts";
import { disallowed, serveDataPlane } from "./data-plane.ts";
import { createLocks } from "./locks.ts";
import type { Locks } from "./locks.ts";
import { createResourceManager } from "./resource-manager.ts";
import type { ResourceAction } from "./resource-manager.ts";
import { createAcrTokens } from "./tokens.ts";
import type { AcrAction, AcrUser } from "./tokens.ts";

export interface FakeAcrOptions {
  readonly users?: readonly AcrUser[];
  readonly entraTokens?: ReadonlyMap<string, readonly AcrAction[]>;
  /** The registry's resource id, and who may do what with it: the resource manager answers too. */
  readonly resource?: {
    readonly id: string;
    readonly tokens: ReadonlyMap<string, readonly ResourceAction[]>;
  };
  /** Default: false. */
  readonly attributeBased?: boolean;
  /** Milliseconds since the epoch. Default: the clock. */
  readonly now?: () => number;
  /** Most entries of a page. Default: 1000. */
  readonly pageSize?: number;
}

export interface FakeAcr extends FakeRegistry {
  /** Locks a tag, a digest, or without one the repository, against deletion and change. */
  readonly lock: Locks["lock"];
}

/** Images of a seed were pushed then. */
const SEEDED_AT = Date.parse("2026-01-01T00:00:00Z");

/** Azure Container Registry: `/v2/`, `/acr/v1/` and the token service, on one host as the real one. */
export function createFakeAcr(options: FakeAcrOptions): FakeAcr {
  const { users = [], entraTokens = new Map(), attributeBased = false, now = Date.now } = options;
  const state = createState();
  const locks = createLocks();
  const pushes = new Map<string, number>();
  const tokens = createAcrTokens({ users, entraTokens, attributeBased, now });
  const personality: Personality = {
    ...ociConformant,
    name: "Azure Container Registry",
    // A tag goes by the data plane only.
    tagDeletion: "405",
    automaticMount: false,
    tagsNull: true,
    pageSize: 100,
  };
  const router = createRouter(state, personality, {
    ...tokens,
    issue: () => problem(404, "UNSUPPORTED"),
  });
  const plane = {
    state,
    locks,
    maxPage: Math.min(options.pageSize ?? 1000, 1000),
    setAt: (name: string, tag: string) => pushes.get(`${name}:${tag}`) ?? SEEDED_AT,
    check: tokens.check,
  };
  const manager =
    options.resource === undefined
      ? undefined
      : createResourceManager({ ...options.resource, state, locks });
  const registry = assemble({ state, personality, gate: tokens }, async (request) => {
    if (request.path === "/oauth2/exchange") return tokens.exchange(request);
    if (request.path === "/oauth2/token") return tokens.issue(request);
    if (request.path.startsWith("/acr/v1/")) return serveDataPlane(plane, request);
    return manager?.(request) ?? serveRegistry(request);
  });
  return { ...registry, lock: locks.lock };

  async function serveRegistry(request: FakeRequest): Promise<FakeResponse> {
    const route = routeOf(request.path);
    if (route?.kind !== "manifest") return router(request);
    const { name, reference } = route;
    const isDeletion = request.method === "DELETE";
    if (!locks.mayDelete(name, reference) && (isDeletion || request.method === "PUT")) {
      const action = isDeletion ? "delete" : "push";
      return tokens.check(request, [{ repository: name, action }]) ?? disallowed();
    }
    const response = await router(request);
    if (request.method === "PUT" && response.status === 201)
      pushes.set(`${name}:${reference}`, now());
    const repository = state.repositories.get(name);
    if (isDeletion && response.status === 202 && isDigest(reference) && repository !== undefined) {
      dropReferrers(repository, reference);
    }
    return response;
  }
}

/** What has a deleted manifest as its subject goes too, with its tags and its own referrers. */
function dropReferrers(repository: RepositoryState, subject: Digest): void {
  for (const [digest, manifest] of repository.manifests) {
    if (readManifest(manifest).subject?.digest !== subject) continue;
    repository.manifests.delete(digest);
    for (const [tag, on] of repository.tags) if (on === digest) repository.tags.delete(tag);
    dropReferrers(repository, digest);
  }
}
