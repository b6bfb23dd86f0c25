import { isDigest } from "../../../src/oci/digest.ts";
import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { answer, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import type { Route } from "../names.ts";
import { ociConformant } from "../personality.ts";
import type { Personality } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import { createQuayApi, wellKnown } from "./api.ts";
import type { QuayToken } from "./api.ts";
import { createQuayGate } from "./gate.ts";
import type { QuayUser } from "./gate.ts";
import { createLifetimes } from "./lifetimes.ts";

export interface FakeQuayOptions {
  readonly users: readonly QuayUser[];
  readonly tokens: readonly QuayToken[];
  readonly now?: () => number;
  /** Most items of a page, below Quay's own 100. */
  readonly pageSize?: number;
  readonly isNested?: boolean;
  /** Default: no tag is. */
  readonly isImmutable?: (repository: string, tag: string) => boolean;
  /** When a tag expires, milliseconds since the epoch. Default: never. */
  readonly expiry?: (repository: string, tag: string) => number | undefined;
  /** Nothing can be written. */
  readonly isReadOnly?: boolean;
}

/** Source: quay/quay `endpoints/v2/__init__.py`, `V2_PAGINATION_SIZE`. */
const MAX_PAGE = 100;

type ManifestRoute = Extract<Route, { readonly kind: "manifest" }>;

/** A strict Quay in this process. Source: quay/quay `endpoints/v2`, `endpoints/api`. */
export function createFakeQuay(options: FakeQuayOptions): FakeRegistry {
  const { now = Date.now, isImmutable = () => false, isReadOnly = false } = options;
  const state = createState();
  const maxPage = Math.min(options.pageSize ?? MAX_PAGE, MAX_PAGE);
  const personality: Personality = {
    ...ociConformant,
    name: "Quay",
    pageSize: maxPage,
    maxPage,
    linkStyle: "absolute",
  };
  const gate = createQuayGate({
    state,
    now,
    users: options.users,
    isNested: options.isNested ?? false,
  });
  const lifetimes = createLifetimes({ state, now, expiry: options.expiry ?? (() => undefined) });
  const router = createRouter(state, personality, gate);
  const api = createQuayApi({
    state,
    lifetimes,
    tokens: options.tokens,
    maxPage,
    isImmutable,
    isReadOnly,
  });

  return assemble({ state, personality, gate }, async (request) => {
    lifetimes.expire();
    if (request.path === "/v2/auth") return gate.issue(request);
    if (request.path === "/.well-known/app-capabilities") return wellKnown();
    return api(request) ?? refuse(request) ?? withoutSubject(await router(request));
  });

  /** What Quay answers otherwise than a plain registry. */
  function refuse(request: FakeRequest): FakeResponse | undefined {
    const route = routeOf(request.path);
    if (route === undefined || !("name" in route)) return undefined;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const action = isRead ? "pull" : "push";
    const refusal = gate.check(request, [{ repository: route.name, action }]);
    if (refusal !== undefined) return refusal;
    if (isReadOnly && !isRead) return readOnly();
    if (route.kind !== "manifest") return undefined;
    if (isRead) return read(route);
    if (request.method === "DELETE") return remove(route);
    return request.method === "PUT" ? put(route) : undefined;
  }

  function read({ name, reference }: ManifestRoute): FakeResponse | undefined {
    if (isDigest(reference)) {
      return lifetimes.isAlive(name, reference) ? undefined : problem(404, "MANIFEST_UNKNOWN");
    }
    if (state.repositories.get(name)?.tags.has(reference) === true) return undefined;
    if (!lifetimes.isPast(name, reference)) return undefined;
    const message = `Tag ${reference} was deleted or has expired. To pull, revive via time machine`;
    return problem(404, { code: "TAG_EXPIRED", message });
  }

  function remove({ name, reference }: ManifestRoute): FakeResponse {
    const repository = state.repositories.get(name);
    if (repository === undefined) return problem(404, "NAME_UNKNOWN");
    const tags = isDigest(reference)
      ? [...repository.tags].flatMap(([tag, digest]) => (digest === reference ? [tag] : []))
      : [reference].filter((tag) => repository.tags.has(tag));
    if (tags.length === 0) return problem(404, "MANIFEST_UNKNOWN");
    const locked = tags.find((tag) => isImmutable(name, tag));
    if (locked !== undefined) return immutable(locked);
    lifetimes.remove(name, tags);
    return answer(202);
  }

  function put({ name, reference }: ManifestRoute): FakeResponse | undefined {
    if (isDigest(reference)) {
      lifetimes.keepForAnHour(name, reference);
      return undefined;
    }
    const isTaken = state.repositories.get(name)?.tags.has(reference) === true;
    return isTaken && isImmutable(name, reference) ? immutable(reference) : undefined;
  }
}

function immutable(tag: string): FakeResponse {
  return problem(409, { code: "TAG_IMMUTABLE", message: `tag ${tag} is immutable` });
}

function readOnly(): FakeResponse {
  const message =
    "System is currently read-only. Pulls will succeed but all write operations are currently suspended.";
  return problem(405, { code: "DENIED", message });
}

/** Quay lists referrers, and does not say on their push that it does. */
function withoutSubject(response: FakeResponse): FakeResponse {
  const { "oci-subject": _, ...headers } = response.headers;
  return { ...response, headers };
}
