import { isDigest } from "../../../src/oci/digest.ts";
import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { answer, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import type { Personality } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import { createHarborApi, refusalOf } from "./api.ts";
import { deleteDeeply } from "./artifacts.ts";
import { createHarborGate, projectOf } from "./gate.ts";
import type { HarborUser } from "./gate.ts";

export interface FakeHarborOptions {
  readonly users: readonly HarborUser[];
  readonly projects: readonly string[];
  readonly now?: () => number;
  /** Most items of a page, below the API's own 100. */
  readonly pageSize?: number;
  /** By the immutability rules of the projects. Default: no tag is. */
  readonly isImmutable?: (repository: string, tag: string) => boolean;
  /** Pushes of blobs are refused: the quota of every project is used up. */
  readonly quotaExceeded?: boolean;
  /** Before 2.9 there is no referrers endpoint. */
  readonly referrers?: boolean;
}

const personality: Personality = {
  ...ociConformant,
  name: "Harbor",
  maxPage: Number.POSITIVE_INFINITY,
};

/** A strict Harbor 2 in this process. Source: goharbor/harbor `src/server/registry`, `src/server/v2.0/handler`. */
export function createFakeHarbor(options: FakeHarborOptions): FakeRegistry {
  const { users, now = Date.now, isImmutable = () => false } = options;
  const projects = new Set(options.projects);
  const state = createState();
  const traits = { ...personality, referrers: options.referrers ?? true };
  const gate = createHarborGate({ users, projects, now });
  const router = createRouter(state, traits, gate);
  const api = createHarborApi({
    state,
    gate,
    projects,
    isImmutable,
    quotaExceeded: options.quotaExceeded ?? false,
    pushTime: createClock(now),
    maxPage: options.pageSize ?? Number.POSITIVE_INFINITY,
  });

  return assemble({ state, personality: traits, gate }, async (request) => {
    if (request.path === "/service/token") return gate.issue(request);
    return api(request) ?? refuse(request) ?? inOwnWords(request, await router(request));
  });

  /** What Harbor does itself before the registry behind it is asked. */
  function refuse(request: FakeRequest): FakeResponse | undefined {
    const route = routeOf(request.path);
    if (route === undefined || !("name" in route)) return undefined;
    const { name } = route;
    if (route.kind === "manifest" && request.method === "DELETE") {
      return (
        gate.check(request, [{ repository: name, action: "delete" }]) ??
        remove(name, route.reference)
      );
    }
    const isPush = request.method === "PUT" || request.method === "POST";
    if (!isPush) return undefined;
    const refusal = gate.check(request, [{ repository: name, action: "push" }]);
    if (refusal !== undefined) return refusal;
    if (options.quotaExceeded === true && route.kind !== "manifest") {
      const message = `adding 1.0 MiB of storage resource, which when updated to current usage will exceed the configured upper limit of project ${projectOf(name)}`;
      return problem(403, { code: "DENIED", message });
    }
    if (route.kind !== "manifest" || isDigest(route.reference)) return undefined;
    const isTaken = state.repositories.get(name)?.tags.has(route.reference) === true;
    if (!isTaken || !isImmutable(name, route.reference)) return undefined;
    const message = `Failed to process request due to '${name}:${route.reference}' configured as immutable.`;
    return problem(412, { code: "PRECONDITION", message });
  }

  function remove(name: string, reference: string): FakeResponse {
    if (!isDigest(reference)) {
      return problem(400, { code: "UNSUPPORTED", message: `unsupported digest ${reference}` });
    }
    const repository = state.repositories.get(name);
    if (repository?.manifests.has(reference) !== true) {
      return problem(404, {
        code: "NOT_FOUND",
        message: `artifact ${name}@${reference} not found`,
      });
    }
    const refused = deleteDeeply(repository, reference, (tag) => isImmutable(name, tag));
    return refused === undefined ? answer(202) : refusalOf(refused);
  }
}

/** Harbor knows one code for whatever is not there. */
function inOwnWords({ path, method }: FakeRequest, response: FakeResponse): FakeResponse {
  if (response.status !== 404 || /\/(?:blobs|referrers)\//.test(path)) return response;
  const { headers } = response;
  return {
    ...problem(404, { code: "NOT_FOUND", message: `${method} ${path} not found` }, headers),
  };
}

/** When a tag was first seen; only differences matter. */
function createClock(now: () => number): (repository: string, tag: string) => number {
  const times = new Map<string, number>();
  return (repository, tag) => {
    const key = `${repository}:${tag}`;
    const time = times.get(key) ?? now();
    times.set(key, time);
    return time;
  };
}
