import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { isIndexType } from "../../../src/oci/media-type.ts";
import type { Action } from "../auth.ts";
import { readManifest } from "../check-manifest.ts";
import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { createGate } from "../gate.ts";
import { answer, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import type { Personality } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import type { RepositoryState } from "../state.ts";
import { createSessions, userOf } from "./accounts.ts";
import type { HubAccount } from "./accounts.ts";
import { isHubPath, serveHub } from "./api.ts";
import { createLimit } from "./limit.ts";
import type { HubLimit } from "./limit.ts";

export interface FakeHubOptions {
  readonly accounts: readonly HubAccount[];
  /** Milliseconds since the epoch. Default: the clock. */
  readonly now?: () => number;
  /** Most entries of a page of the Hub API. Default: 100. */
  readonly pageSize?: number;
  readonly immutableRules?: readonly string[];
  /** Tags whose digest the Hub API does not know. */
  readonly withoutDigest?: readonly string[];
  /** Looks at a manifest that is deleted until it is gone. Default: none, it goes at once. */
  readonly deletionLag?: number;
  readonly limit?: HubLimit;
}

export interface FakeHub extends FakeRegistry {
  /** A JWT of the Hub API, as a script of the user's would get it. */
  readonly jwtFor: (identifier: string) => string;
}

/** Images of a seed were pushed then. */
const SEEDED_AT = Date.parse("2026-01-01T00:00:00Z");

/**
 * The registry and its API, on one host instead of two. `/v2/` removes no tag, and a manifest only when no tag and no
 * index names it. Sources: `docs.docker.com`; observations of others in docker/hub-feedback.
 */
export function createFakeHub(options: FakeHubOptions): FakeHub {
  const { accounts, now = Date.now, immutableRules = [], deletionLag = 0 } = options;
  const state = createState();
  const sessions = createSessions(accounts, now);
  const personality: Personality = {
    ...ociConformant,
    name: "Docker Hub",
    tagDeletion: "405",
    referrers: false,
    automaticMount: false,
    auth: {
      kind: "bearer",
      users: accounts.map(userOf),
      tokenForm: "jwt",
      service: "registry.docker.io",
    },
  };
  const gate = createGate(personality.auth, now);
  const router = createRouter(state, personality, gate);
  const pushes = new Map<string, number>();
  /** Manifests on their way out, with the looks that are left. */
  const leaving = new Map<string, number>();
  const limit = options.limit === undefined ? undefined : createLimit(options.limit, now);
  const api = {
    state,
    sessions,
    immutableRules,
    maxPage: Math.min(options.pageSize ?? 100, 100),
    withoutDigest: new Set(options.withoutDigest),
    pushedAt: (name: string, tag: string) => pushes.get(`${name}:${tag}`) ?? SEEDED_AT,
  };
  const registry = assemble(
    {
      state,
      personality,
      gate: {
        revokeTokens() {
          gate.revokeTokens();
          sessions.revoke();
        },
      },
    },
    async (request) => {
      if (!isHubPath(request.path)) return serveRegistry(request);
      return limit === undefined ? serveHub(api, request) : limit(() => serveHub(api, request));
    },
  );
  return {
    ...registry,
    jwtFor(identifier) {
      const account = accounts.find((known) => known.identifier === identifier);
      const token = sessions.login(identifier, account?.secret);
      if (token === undefined) throw new Error(`no account ${identifier}`);
      return token;
    },
  };

  async function serveRegistry(request: FakeRequest): Promise<FakeResponse> {
    const route = routeOf(request.path);
    if (route !== undefined && "name" in route && route.name.split("/").length !== 2) {
      return gate.check(request, []) ?? problem(404, "NAME_UNKNOWN");
    }
    if (route?.kind !== "manifest") return router(request);
    const { name, reference } = route;
    if (request.method === "DELETE") {
      const needs = (["pull", "push", "delete"] satisfies Action[]).map((action) => ({
        repository: name,
        action,
      }));
      return (
        gate.check(request, needs) ??
        refuse(name, reference) ??
        leave(request, `${name}@${reference}`)
      );
    }
    if (request.method === "PUT" && isKept(name, reference, request)) {
      return gate.check(request, [{ repository: name, action: "push" }]) ?? problem(403, "DENIED");
    }
    if (!lingers(`${name}@${reference}`))
      state.repositories.get(name)?.manifests.delete(asDigest(reference));
    const response = await router(request);
    const isPush = request.method === "PUT" && response.status === 201;
    if (isPush && !isDigest(reference)) pushes.set(`${name}:${reference}`, now());
    return response;
  }

  function refuse(name: string, reference: string): FakeResponse | undefined {
    const repository = state.repositories.get(name);
    if (repository === undefined || !isDigest(reference)) return undefined;
    return isNamed(repository, reference) ? problem(403, "DENIED") : undefined;
  }

  async function leave(request: FakeRequest, key: string): Promise<FakeResponse> {
    const [name = "", reference = ""] = key.split("@");
    const isThere = state.repositories.get(name)?.manifests.has(asDigest(reference)) === true;
    if (deletionLag === 0 || !isThere) return router(request);
    leaving.set(key, leaving.get(key) ?? deletionLag);
    return answer(202);
  }

  /** Counts a look at a manifest that is leaving; `false`: this look finds it gone. */
  function lingers(key: string): boolean {
    const left = leaving.get(key);
    if (left === undefined) return true;
    leaving.set(key, left - 1);
    if (left > 0) return true;
    leaving.delete(key);
    return false;
  }

  /** Whether a rule forbids to move the tag. */
  function isKept(name: string, tag: string, { body }: FakeRequest): boolean {
    const before = state.repositories.get(name)?.tags.get(tag);
    if (
      before === undefined ||
      !immutableRules.some((rule) => new RegExp(`^(?:${rule})$`).test(tag))
    )
      return false;
    return (
      Buffer.compare(
        state.repositories.get(name)?.manifests.get(before)?.bytes ?? Buffer.of(),
        body,
      ) !== 0
    );
  }
}

function isNamed({ tags, manifests }: RepositoryState, digest: Digest): boolean {
  if ([...tags.values()].includes(digest)) return true;
  return [...manifests.values()].some(
    (manifest) =>
      isIndexType(manifest.mediaType) &&
      readManifest(manifest).children.some((child) => child.digest === digest),
  );
}

/** A tag, which no manifest is stored under, stays one. */
function asDigest(reference: string): Digest {
  return isDigest(reference) ? reference : "sha256:none";
}
