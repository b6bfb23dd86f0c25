import { assemble, createFakeRegistry } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { answer, problem } from "../message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../message.ts";
import { routeOf } from "../names.ts";
import type { Route } from "../names.ts";
import { createState, lookUp } from "../state.ts";
import { answerGraphql } from "./graphql.ts";
import { answerRest } from "./rest.ts";
import { childrenOf, collect, refusedByRule } from "./rules.ts";
import { asJwtAuth } from "./token-service.ts";
import { projectOf } from "./world.ts";
import type { People, World } from "./world.ts";

export interface GitlabTraits {
  readonly projects?: readonly string[];
  readonly protects?: (tag: string) => boolean;
  readonly freezes?: (tag: string) => boolean;
  readonly pageSize?: number;
  readonly lacks?: readonly string[];
  /** `reference`: from before 16.4; `none`: a registry that removes no tag by itself. */
  readonly untags?: "manifest" | "reference" | "none";
  readonly now?: () => number;
}

export interface FakeGitlab {
  readonly registry: FakeRegistry;
  readonly people: People;
  readonly pushedAt: Map<string, number>;
}

export const PEOPLE: People = {
  owner: "ada",
  accessToken: "glpat-access-0f3c",
  readToken: "glpat-read-77aa",
  jobToken: "glcbt-job-51d2",
  deployUser: "gitlab+deploy-token-7",
  deployToken: "gldt-deploy-9be1",
};

/** Most tags of a page of `/v2/`; more are refused. Source: container-registry, docs, "Listing image tags". */
const MOST_TAGS = 1000;
const MOST_ENTRIES = 100;

/** GitLab with its container registry on one host. Source: the adapter's README. */
export function createFakeGitlab(traits: GitlabTraits = {}): FakeGitlab {
  const {
    protects = () => false,
    freezes = () => false,
    now = Date.now,
    untags = "manifest",
  } = traits;
  const { pageSize = Number.POSITIVE_INFINITY } = traits;
  const state = createState();
  const people = PEOPLE;
  const world: World = {
    state,
    projects: new Set(traits.projects ?? ["acme/app"]),
    people,
    protects,
    freezes,
    hasRules: traits.protects !== undefined || traits.freezes !== undefined,
    pageSize: Math.min(MOST_ENTRIES, pageSize),
    lacks: new Set(traits.lacks),
    now,
    pushedAt: new Map(),
  };
  const plain = createFakeRegistry({
    name: "GitLab",
    state,
    now,
    referrers: false,
    requireBlobs: true,
    automaticMount: false,
    maxPage: Math.min(MOST_TAGS, pageSize),
    pageSize: Math.min(100, pageSize),
    tagDeletion: untags === "manifest" ? "allow" : "digest-invalid-400",
    auth: {
      kind: "bearer",
      tokenForm: "jwt",
      tokenMethods: "get",
      users: [
        { username: people.owner, password: people.accessToken },
        { username: people.owner, password: people.readToken, rights: ["pull"] },
        { username: "gitlab-ci-token", password: people.jobToken },
        { username: people.deployUser, password: people.deployToken, rights: ["pull", "push"] },
      ],
    },
  });
  const owners = { [people.accessToken]: people.owner, [people.readToken]: people.owner };
  const registry = assemble(
    { ...plain, gate: plain },
    asJwtAuth(withRules(world, plain.handle, untags), owners),
  );
  return { registry, people, pushedAt: world.pushedAt };

  function remove(name: string, tag: string): boolean {
    const repository = state.repositories.get(name);
    const digest = repository?.tags.get(tag);
    if (repository === undefined || digest === undefined) return false;
    repository.tags.delete(tag);
    collect(repository, [digest]);
    return true;
  }

  function withRules(ours: World, handle: Handler, way: typeof untags): Handler {
    return async (request) => {
      const { path } = request;
      if (path === "/api/graphql" && request.method === "POST") {
        return answerGraphql(ours, remove, request);
      }
      if (path.startsWith("/api/v4/")) return answerRest(ours, remove, request);
      if (path === "/gitlab/v1/") {
        const { status, headers } = await handle({ ...request, path: "/v2/" });
        return withOwnHeaders(answer(status, headers));
      }
      const reference = /^\/v2\/(.+)\/tags\/reference\/([^/]+)$/.exec(path);
      if (reference !== null) return deleteReference(request, handle, way, reference);
      return withOwnHeaders(await distribution(request, handle));
    };
  }

  async function distribution(request: FakeRequest, handle: Handler): Promise<FakeResponse> {
    const route = routeOf(request.path);
    if (route?.kind === "catalog") return problem(401, "UNAUTHORIZED");
    if (route?.kind === "tags" && Number(request.query.get("n") ?? "0") > MOST_TAGS) {
      return problem(400, "PAGINATION_NUMBER_INVALID");
    }
    if (request.headers["authorization"] === undefined || route === undefined)
      return handle(request);
    const isWrite = ["PUT", "POST", "PATCH"].includes(request.method);
    if (isWrite && "name" in route && !mayHold(route.name)) return problem(401, "UNAUTHORIZED");
    if (route.kind !== "manifest") return handle(request);
    const touched = touchedBy(request, route);
    const isAllowed = (await handle({ ...request, method: "HEAD" })).status !== 401;
    const refusal = isAllowed ? refusedByRule(world, request, route) : undefined;
    if (refusal !== undefined) return refusal;
    const response = await handle(request);
    if (request.method === "PUT" && response.status === 201) {
      world.pushedAt.set(`${route.name}:${route.reference}`, now());
    }
    const repository = state.repositories.get(route.name);
    if (request.method === "DELETE" && response.status === 202 && repository !== undefined) {
      collect(repository, touched);
    }
    return response;
  }

  /** Manifests that may be nobody's after a deletion. */
  function touchedBy({ method }: FakeRequest, { name, reference }: Route & { kind: "manifest" }) {
    const repository = state.repositories.get(name);
    if (method !== "DELETE" || repository === undefined) return [];
    const digest = lookUp(repository, reference);
    if (digest === undefined) return [];
    if (!reference.includes(":")) return [digest];
    return childrenOf(repository.manifests.get(digest));
  }

  async function deleteReference(
    request: FakeRequest,
    handle: Handler,
    way: typeof untags,
    [, name = "", tag = ""]: RegExpExecArray,
  ): Promise<FakeResponse> {
    if (way === "none") return answer(404, { "content-type": "text/plain" });
    if (request.method !== "DELETE") return answer(405);
    const nobody = `/v2/${name}/manifests/sha256:${"0".repeat(64)}`;
    const asked = await handle({ ...request, path: nobody });
    if (asked.status === 401) return asked;
    const refusal = refusedByRule(world, request, { kind: "manifest", name, reference: tag });
    if (refusal !== undefined) return refusal;
    return remove(name, tag) ? answer(202) : problem(404, "MANIFEST_UNKNOWN");
  }

  /** In a project that is there, and at most two levels below it. */
  function mayHold(name: string): boolean {
    const found = projectOf(world, name);
    return found !== undefined && found.levels <= 2;
  }
}

function withOwnHeaders(response: FakeResponse): FakeResponse {
  return {
    ...response,
    headers: {
      "gitlab-container-registry-version": "4.20.0",
      "gitlab-container-registry-features": "tag_delete",
      "gitlab-container-registry-database-enabled": "true",
      ...response.headers,
    },
  };
}
