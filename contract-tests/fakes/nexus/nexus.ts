import { assemble } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import type { FakeUser } from "../auth.ts";
import { createGate } from "../gate.ts";
import { answer, problem } from "../message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import { createRouter } from "../router.ts";
import { createState } from "../state.ts";
import { createApi, may } from "./api.ts";
import type { NexusUser } from "./api.ts";
import { createComponents } from "./components.ts";
import type { Components } from "./components.ts";

export interface FakeNexusOptions {
  readonly users: readonly NexusUser[];
  /** Types of the repositories, by name. Default: one hosted repository, `docker-hosted`. */
  readonly repositories?: Readonly<Record<string, "hosted" | "proxy" | "group">>;
  /** The repository of a connector's port or subdomain. Absent: the first component of a name is its name. */
  readonly connector?: string;
  /** A connector's port serves `/v2/` and nothing else. Default: false. */
  readonly hasNoApi?: boolean;
  /** Whether the "Docker Bearer Token Realm" is active. Default: false, Basic is asked for. */
  readonly bearer?: boolean;
  /** Default: `ALLOW`. */
  readonly writePolicy?: "ALLOW" | "ALLOW_ONCE" | "DENY";
  readonly now?: () => number;
  /** Milliseconds from a push until the search knows it. Default: none. */
  readonly searchLagMs?: number;
  /** Items of each kind of page, below the product's own: 100 components, 50 of a search, 1000 tags. */
  readonly pageSize?: number;
}

export interface FakeNexus extends FakeRegistry {
  readonly components: Components;
  /** The API alone, for an address of its own. */
  readonly api: Handler;
}

/** A strict Nexus Repository 3.96 in this process. Source: observed answers; `/service/rest/swagger.json`. */
export function createFakeNexus(options: FakeNexusOptions): FakeNexus {
  const { users, connector, now = Date.now, writePolicy = "ALLOW", pageSize } = options;
  const repositories = new Map(
    Object.entries(options.repositories ?? { "docker-hosted": "hosted" }),
  );
  const state = createState();
  const personality = {
    ...ociConformant,
    name: "Nexus",
    referrers: false,
    maxPage: Math.min(pageSize ?? 1000, 1000),
    linkStyle: connector === undefined ? "broken-prefix" : "relative",
  } as const;
  const registryUsers = users.map(asRegistryUser);
  const gate = createGate({ kind: "bearer", users: registryUsers }, now);
  const basicGate = createGate({ kind: "basic", users: registryUsers }, now);
  const byToken = createRouter(state, personality, gate);
  const byBasic = createRouter(state, personality, basicGate);
  const components = createComponents({
    state,
    now,
    searchLagMs: options.searchLagMs ?? 0,
    placeOf,
  });
  const api = createApi({
    state,
    components,
    users,
    repositories,
    placeOf,
    nameOf: (repository, image) => (connector === undefined ? `${repository}/${image}` : image),
    pageSizes: {
      components: Math.min(pageSize ?? 100, 100),
      search: Math.min(pageSize ?? 50, 50),
    },
  });

  const registry = assemble({ state, personality, gate }, async (request) => {
    const response = await answerTo(request);
    return { ...response, headers: { server: "Nexus/3.96.3-01 (COMMUNITY)", ...response.headers } };
  });
  return { ...registry, components, api: async (request) => api(request) };

  async function answerTo(request: FakeRequest): Promise<FakeResponse> {
    const { path } = request;
    if (path === "/v2/token") return gate.issue(request);
    if (!path.startsWith("/v2")) return options.hasNoApi === true ? notFound() : api(request);
    const route = routeOf(path);
    // The path route knows no list of repositories.
    if (route?.kind === "catalog" && connector === undefined) return notFound();
    if (
      route !== undefined &&
      "name" in route &&
      !repositories.has(placeOf(route.name).repository)
    ) {
      const allowed = await serve({ ...request, method: "GET", path: "/v2/" });
      return asOwn(allowed.status === 200 ? problem(404, "NAME_UNKNOWN") : allowed);
    }
    return asOwn(refuse(request) ?? (await serve(request)));
  }

  /** Basic credentials are taken in any case. */
  function serve(request: FakeRequest): Promise<FakeResponse> {
    const isBasic = /^basic /i.test(request.headers["authorization"] ?? "");
    return options.bearer === true && !isBasic ? byToken(request) : byBasic(request);
  }

  /** What the deployment policy forbids looks like a broken upload. */
  function refuse(request: FakeRequest): FakeResponse | undefined {
    const route = routeOf(request.path);
    if (request.method !== "PUT" || route?.kind !== "manifest" || writePolicy === "ALLOW") {
      return undefined;
    }
    const { repository } = placeOf(route.name);
    const isTaken = state.repositories.get(route.name)?.tags.has(route.reference) === true;
    const message = "blob upload invalid";
    if (writePolicy === "DENY") {
      const detail = `Repository is read only: ${repository}`;
      return problem(400, { code: "BLOB_UPLOAD_INVALID", message, detail });
    }
    const detail = `Repository does not allow updating assets: ${repository}`;
    return isTaken ? problem(400, { code: "BLOB_UPLOAD_INVALID", message, detail }) : undefined;
  }

  function asOwn(response: FakeResponse): FakeResponse {
    const told = response.headers["www-authenticate"];
    if (typeof told !== "string") return response;
    const own = told.startsWith("Basic")
      ? 'BASIC realm="Sonatype Nexus Repository Manager"'
      : told.replace(/\/token"/, '/v2/token"');
    return { ...response, headers: { ...response.headers, "www-authenticate": own } };
  }

  function placeOf(name: string): { readonly repository: string; readonly image: string } {
    if (connector !== undefined) return { repository: connector, image: name };
    const [repository = "", ...rest] = name.split("/");
    return { repository, image: rest.join("/") };
  }
}

function asRegistryUser(user: NexusUser): FakeUser {
  const { username, password } = user;
  return {
    username,
    password,
    rights: [
      ...(may(user, "read") ? (["pull"] as const) : []),
      ...(may(user, "add") && may(user, "edit") ? (["push"] as const) : []),
      ...(may(user, "delete") ? (["delete"] as const) : []),
    ],
  };
}

function notFound(): FakeResponse {
  const body = new TextEncoder().encode("<html><title>404 - Nexus Repository</title></html>");
  return answer(404, { "content-type": "text/html" }, body);
}
