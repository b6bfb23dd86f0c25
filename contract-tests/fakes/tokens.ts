import { randomBytes } from "node:crypto";
import { ALL_RIGHTS, basicUser } from "./auth.ts";
import type { Action, FakeBearerAuth, FakeUser, Gate, Need } from "./auth.ts";
import { answerJson, originOf, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";

const DEFAULT_SERVICE = "fake-registry";
const DEFAULT_LIFETIME_SECONDS = 300;
/** What a client must assume when `expires_in` is absent. Source: Docker token authentication. */
const ASSUMED_LIFETIME_SECONDS = 60;

interface Grant {
  readonly expiresAt: number;
  /** `name` → actions. */
  readonly access: ReadonlyMap<string, readonly Action[]>;
}

/** Bearer authentication with its token endpoint. Source: distribution-spec's token documents. */
export function createTokens(auth: FakeBearerAuth, now: () => number): Gate {
  const { service = DEFAULT_SERVICE } = auth;
  const grants = new Map<string, Grant>();
  const shown = auth.hidesLifetime === true ? ASSUMED_LIFETIME_SECONDS : undefined;
  const lifetimeSeconds = shown ?? auth.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS;

  function challenge(request: FakeRequest, needs: readonly Need[], error?: string): FakeResponse {
    const realm = auth.realm ?? `${originOf(request)}/token`;
    const parts = [`realm="${realm}"`, `service="${service}"`];
    if (needs.length > 0) parts.push(`scope="${scopeOf(needs)}"`);
    if (error !== undefined) parts.push(`error="${error}"`);
    return problem(401, error === undefined ? "UNAUTHORIZED" : "DENIED", {
      "www-authenticate": `Bearer ${parts.join(",")}`,
    });
  }

  return {
    check(request, needs) {
      const token = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
      if (token === undefined) return challenge(request, needs);
      const grant = grants.get(token);
      if (grant === undefined || grant.expiresAt <= now()) {
        return challenge(request, needs, "invalid_token");
      }
      const allowed = needs.every(
        ({ repository, action }) => grant.access.get(repository)?.includes(action) === true,
      );
      return allowed ? undefined : challenge(request, needs, "insufficient_scope");
    },

    issue(request) {
      const asked = readTokenRequest(request, auth);
      if (asked === "method") return problem(405, "UNSUPPORTED");
      if (asked === "refused") return problem(401, "UNAUTHORIZED");
      if (asked.service !== service) return problem(400, "UNSUPPORTED");
      const rights = asked.user === undefined ? (auth.anonymousRights ?? []) : rightsOf(asked.user);
      const token = tokenText(auth.tokenForm ?? "opaque");
      grants.set(token, {
        expiresAt: now() + lifetimeSeconds * 1000,
        access: grantScopes(asked.scopes, rights),
      });
      const told = auth.hidesLifetime === true ? {} : { expires_in: lifetimeSeconds };
      return answerJson(200, {
        ...(request.method === "POST" ? { access_token: token } : { token }),
        ...told,
        ...identityToken(asked, auth),
        issued_at: new Date(now()).toISOString(),
      });
    },

    revokeTokens: () => grants.clear(),
  };
}

/** Source: distribution, token authentication, `offline_token`. */
function identityToken({ user, isOffline }: TokenRequest, auth: FakeBearerAuth): object {
  const isIssued = auth.issuesIdentityTokens === true && isOffline && user !== undefined;
  return isIssued ? { refresh_token: IDENTITY_OF + user.username } : {};
}

const IDENTITY_OF = "identity-of-";

interface TokenRequest {
  readonly user: FakeUser | undefined;
  readonly isOffline: boolean;
  readonly service: string | null;
  readonly scopes: readonly string[];
}

function readTokenRequest(
  { method, query, headers, body }: FakeRequest,
  { users, identityTokens = {}, tokenMethods = "both", issuesIdentityTokens }: FakeBearerAuth,
): TokenRequest | "method" | "refused" {
  if (method === "GET") {
    const user = basicUser(headers["authorization"], users);
    if (user === undefined && headers["authorization"] !== undefined) return "refused";
    return {
      user,
      isOffline: query.get("offline_token") === "true",
      service: query.get("service"),
      scopes: splitScopes(query.getAll("scope")),
    };
  }
  if (method !== "POST" || tokenMethods === "get") return "method";
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const refresh = form.get("grant_type") === "refresh_token" ? form.get("refresh_token") : null;
  const issued = issuesIdentityTokens === true && refresh?.startsWith(IDENTITY_OF) === true;
  const wanted = issued ? refresh.slice(IDENTITY_OF.length) : identityTokens[refresh ?? ""];
  const user = users.find(({ username, password }) =>
    form.get("grant_type") === "password"
      ? username === form.get("username") && password === form.get("password")
      : username === wanted,
  );
  if (user === undefined) return "refused";
  return {
    user,
    isOffline: form.get("access_type") === "offline",
    service: form.get("service"),
    scopes: splitScopes(form.getAll("scope")),
  };
}

function splitScopes(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(" ")).filter((scope) => scope !== "");
}

/** `repository:acme/api:pull,push` → what of it these rights allow; other resources are ignored. */
function grantScopes(scopes: readonly string[], rights: readonly Action[]): Grant["access"] {
  const access = new Map<string, readonly Action[]>();
  for (const scope of scopes) {
    const match = /^repository:([^:]+):(.+)$/.exec(scope);
    const [, name, actions] = match ?? [];
    if (name === undefined || actions === undefined) continue;
    const asked = actions.split(",");
    const granted = rights.filter((right) => asked.includes(right) || asked.includes("*"));
    access.set(name, [...(access.get(name) ?? []), ...granted]);
  }
  return access;
}

function scopeOf(needs: readonly Need[]): string {
  const names = [...new Set(needs.map(({ repository }) => repository))];
  return names
    .map((name) => {
      const actions = needs.filter(({ repository }) => repository === name);
      return `repository:${name}:${actions.map(({ action }) => action).join(",")}`;
    })
    .join(" ");
}

function rightsOf(user: FakeUser): readonly Action[] {
  return user.rights ?? ALL_RIGHTS;
}

function tokenText(form: "opaque" | "jwt"): string {
  if (form === "opaque") return randomBytes(24).toString("base64url");
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = part({ typ: "JWT", alg: "none" });
  return `${header}.${part({ jti: randomBytes(12).toString("hex") })}.${randomBytes(32).toString("base64url")}`;
}
