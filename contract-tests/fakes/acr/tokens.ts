import { randomBytes } from "node:crypto";
import { basicUser } from "../auth.ts";
import type { Action } from "../auth.ts";
import { answerJson, originOf, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";

export type AcrAction = Action | "metadata_read";

/** The admin user, a service principal, or a token with a scope map. */
export interface AcrUser {
  readonly username: string;
  readonly password: string;
  /** Default: all. */
  readonly actions?: readonly AcrAction[];
}

export interface AcrTokenOptions {
  readonly users: readonly AcrUser[];
  /** Tokens of Entra that the registry takes, each with what its identity may do. */
  readonly entraTokens: ReadonlyMap<string, readonly AcrAction[]>;
  /** Roles with conditions: a scope has to name its repository. */
  readonly attributeBased: boolean;
  readonly now: () => number;
}

export interface AcrNeed {
  readonly repository: string;
  readonly action: AcrAction;
}

export const ALL_ACTIONS: readonly AcrAction[] = ["pull", "push", "delete", "metadata_read"];

/** Source: Azure/acr, AAD-OAuth.md: the tokens' lives. */
const REFRESH_MS = 3 * 3_600_000;
const ACCESS_MS = 75 * 60_000;

interface Issued {
  readonly expiresAt: number;
  readonly actions: readonly AcrAction[];
}

type Access = Omit<Issued, "actions"> & {
  readonly grants: ReadonlyMap<string, readonly string[]>;
};

/** The registry's own token service: `/oauth2/exchange` and `/oauth2/token`. */
export interface AcrTokens {
  check(request: FakeRequest, needs: readonly AcrNeed[]): FakeResponse | undefined;
  issue(request: FakeRequest): FakeResponse;
  exchange(request: FakeRequest): FakeResponse;
  /** Access tokens only: a refresh token outlives them. */
  revokeTokens(): void;
}

export function createAcrTokens(options: AcrTokenOptions): AcrTokens {
  const { users, entraTokens, attributeBased, now } = options;
  const refreshTokens = new Map<string, Issued>();
  const accessTokens = new Map<string, Access>();

  return {
    check(request, needs) {
      const token = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
      if (token === undefined) return challenge(request, needs);
      const access = accessTokens.get(token);
      if (access === undefined || access.expiresAt <= now()) {
        return challenge(request, needs, "invalid_token");
      }
      const isEnough = needs.every(
        ({ repository, action }) => access.grants.get(repository)?.includes(action) === true,
      );
      return isEnough ? undefined : challenge(request, needs, "insufficient_scope");
    },

    exchange(request) {
      const form = formOf(request);
      if (request.method !== "POST" || form === undefined) return problem(405, "UNSUPPORTED");
      if (form.get("grant_type") !== "access_token" || form.get("service") !== hostOf(request)) {
        return problem(400, "BAD_REQUEST");
      }
      const actions = entraTokens.get(form.get("access_token") ?? "");
      if (actions === undefined) return problem(401, "UNAUTHORIZED");
      const token = jwt();
      refreshTokens.set(token, { expiresAt: now() + REFRESH_MS, actions });
      return answerJson(200, { refresh_token: token });
    },

    issue(request) {
      const asked = request.method === "GET" ? request.query : formOf(request);
      if (asked === undefined) return problem(405, "UNSUPPORTED");
      if (asked.get("service") !== hostOf(request)) return problem(400, "BAD_REQUEST");
      const actions = request.method === "GET" ? actionsOfBasic(request) : actionsOfForm(asked);
      if (actions === undefined) return problem(401, "UNAUTHORIZED");
      const scopes = asked.getAll("scope").flatMap((scope) => scope.split(" "));
      if (attributeBased && scopes.some((scope) => scope.includes("*"))) {
        return problem(401, { code: "UNAUTHORIZED", message: "wildcard scopes are not supported" });
      }
      const token = jwt();
      accessTokens.set(token, { expiresAt: now() + ACCESS_MS, grants: grantsOf(scopes, actions) });
      return answerJson(200, { access_token: token });
    },

    revokeTokens: () => accessTokens.clear(),
  };

  function actionsOfBasic(request: FakeRequest): readonly AcrAction[] | undefined {
    const user = basicUser(request.headers["authorization"], users);
    return user === undefined ? undefined : actionsOf(user.username);
  }

  function actionsOfForm(form: URLSearchParams): readonly AcrAction[] | undefined {
    if (form.get("grant_type") === "refresh_token") {
      const known = refreshTokens.get(form.get("refresh_token") ?? "");
      return known !== undefined && known.expiresAt > now() ? known.actions : undefined;
    }
    const user = users.find(
      ({ username, password }) =>
        form.get("grant_type") === "password" &&
        username === form.get("username") &&
        password === form.get("password"),
    );
    return user === undefined ? undefined : actionsOf(user.username);
  }

  function actionsOf(name: string): readonly AcrAction[] {
    return users.find(({ username }) => username === name)?.actions ?? ALL_ACTIONS;
  }
}

function challenge(request: FakeRequest, needs: readonly AcrNeed[], error?: string): FakeResponse {
  const scope = needs
    .map(({ repository, action }) => `repository:${repository}:${action}`)
    .join(" ");
  const parts = [
    `realm="${originOf(request)}/oauth2/token"`,
    `service="${hostOf(request)}"`,
    ...(scope === "" ? [] : [`scope="${scope}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ];
  const refusal = {
    code: "UNAUTHORIZED",
    message:
      "authentication required, visit https://aka.ms/acr/authorization for more information.",
    detail: needs.map(({ repository, action }) => ({
      Type: "repository",
      Name: repository,
      Action: action,
    })),
  };
  return problem(401, refusal, { "www-authenticate": `Bearer ${parts.join(",")}` });
}

/** `repository:acme/api:pull,metadata_read` → what of it these actions allow. */
function grantsOf(
  scopes: readonly string[],
  actions: readonly AcrAction[],
): ReadonlyMap<string, readonly string[]> {
  const grants = new Map<string, readonly string[]>();
  for (const scope of scopes) {
    const [, name, wanted = ""] = /^repository:([^:*]+):([^:]+)$/.exec(scope) ?? [];
    if (name === undefined) continue;
    const asked = wanted.split(",");
    const granted = actions.filter((action) => asked.includes(action) || asked.includes("*"));
    grants.set(name, [...(grants.get(name) ?? []), ...granted]);
  }
  return grants;
}

function formOf({ method, headers, body }: FakeRequest): URLSearchParams | undefined {
  const isForm = headers["content-type"] === "application/x-www-form-urlencoded";
  return method === "POST" && isForm
    ? new URLSearchParams(new TextDecoder().decode(body))
    : undefined;
}

function hostOf({ headers }: FakeRequest): string {
  return headers["host"] ?? "";
}

function jwt(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { jti: randomBytes(12).toString("hex") };
  return `${part({ typ: "JWT", alg: "RS256" })}.${part(claims)}.${randomBytes(32).toString("base64url")}`;
}
