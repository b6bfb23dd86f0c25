import { assemble, createFakeRegistry } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import type { FakeRequest } from "../message.ts";
import { createGraphql } from "./graphql.ts";
import { createLimiter } from "./limits.ts";
import type { FakeLimits } from "./limits.ts";
import { createPackages } from "./packages.ts";
import { createRest } from "./rest.ts";
import type { FakeToken, RestOptions } from "./rest.ts";

export interface GithubTraits extends Partial<
  Pick<RestOptions, "accounts" | "maxPage" | "popular" | "types">
> {
  readonly now?: () => number;
  readonly tokens?: readonly FakeToken[];
  /** How long the API knows nothing of a push. Default: not at all. */
  readonly lagMs?: number;
  /** Default: none, as on GitHub Enterprise Server. */
  readonly limits?: FakeLimits;
}

/** What everything may, and where it may it. */
export const TOKEN = "ghp_a-token-nobody-may-see";
export const OWNER = "acme";

/** Paths of the API of GitHub Enterprise Server. */
const REST = "/api/v3";
const GRAPHQL = "/api/graphql";

/** The registry, which refuses deletions, and the API of the packages in it. */
export function createFakeGithub(traits: GithubTraits = {}): FakeRegistry {
  const { now = Date.now, lagMs = 0, limits } = traits;
  const tokens = traits.tokens ?? [
    {
      token: TOKEN,
      login: "ann",
      scopes: ["read:packages", "write:packages", "delete:packages"],
    },
  ];
  const packages = createPackages(now, lagMs);
  const limiter = createLimiter(limits, now);
  const rest = createRest({
    packages,
    now,
    tokens,
    accounts: {
      [OWNER]: "Organization",
      ann: "User",
      ...traits.accounts,
    },
    maxPage: traits.maxPage ?? 100,
    popular: traits.popular ?? new Set(),
    types: traits.types ?? {},
  });
  const graphql = createGraphql(packages.state, tokens);
  const registry = createFakeRegistry({
    name: "ghcr",
    state: packages.state,
    now,
    tagDeletion: "405",
    manifestDeletion: "405",
    blobDeletion: "405",
    referrers: false,
    tagOrder: "insertion",
    requireBlobs: true,
    auth: {
      kind: "bearer",
      users: tokens.map(({ token }) => ({ username: "token", password: token })),
    },
  });
  return assemble(
    { state: registry.state, personality: registry.personality, gate: registry },
    async (request) => {
      if (request.path === GRAPHQL) return graphql(request);
      const below = request.path.startsWith(`${REST}/`);
      if (!below) return registry.handle(request);
      const refusal = limiter.admit(request.method);
      const response = refusal ?? rest(withPath(request, request.path.slice(REST.length)));
      return { ...response, headers: { ...limiter.headers(), ...response.headers } };
    },
  );
}

function withPath(request: FakeRequest, path: string): FakeRequest {
  return { ...request, path };
}
