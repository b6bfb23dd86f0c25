import { randomBytes } from "node:crypto";
import { basicUser } from "../auth.ts";
import type { Action, Gate, Need } from "../auth.ts";
import { answerJson, originOf, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";

/** As the page for robot accounts lists them, `resource:action`. */
export type Permission =
  | "repository:list"
  | "repository:pull"
  | "repository:push"
  | "repository:delete"
  | "artifact:list"
  | "artifact:read"
  | "artifact:create"
  | "artifact:delete"
  | "tag:list"
  | "tag:delete";

export const MAINTAINER: readonly Permission[] = [
  "repository:list",
  "repository:pull",
  "repository:push",
  "repository:delete",
  "artifact:list",
  "artifact:read",
  "artifact:create",
  "artifact:delete",
  "tag:list",
  "tag:delete",
];

export interface HarborUser {
  readonly username: string;
  readonly password: string;
  /** In every project. Default: a maintainer's. */
  readonly permissions?: readonly Permission[];
}

export interface HarborGate extends Gate {
  /** The user of an API call; `undefined`: nobody in particular. `refused`: the password is wrong. */
  userOf(request: FakeRequest): HarborUser | "refused" | undefined;
}

export interface GateOptions {
  readonly users: readonly HarborUser[];
  readonly projects: ReadonlySet<string>;
  readonly now: () => number;
}

/** Source: goharbor/harbor docs, `token_expiration`, minutes. */
const LIFETIME_SECONDS = 30 * 60;

const SERVICE = "harbor-registry";

interface Grant {
  readonly expiresAt: number;
  readonly access: ReadonlyMap<string, readonly Action[]>;
}

/** Basic and Bearer, as Harbor checks them. Source: goharbor/harbor `src/server/middleware/v2auth/auth.go`. */
export function createHarborGate({ users, projects, now }: GateOptions): HarborGate {
  const grants = new Map<string, Grant>();

  return { check, issue, userOf, revokeTokens: () => grants.clear() };

  function check(request: FakeRequest, needs: readonly Need[]): FakeResponse | undefined {
    const missing = needs.find(({ repository }) => !projects.has(projectOf(repository)));
    if (missing !== undefined) {
      const message = `project ${projectOf(missing.repository)} not found`;
      return problem(401, { code: "UNAUTHORIZED", message }, { "www-authenticate": "" });
    }
    const may = accessOf(request);
    if (may === undefined && needs.length === 0) return challenge(request, needs, "unauthorized");
    const lacking = needs.find((need) => may?.(need) !== true);
    if (lacking === undefined) return undefined;
    const { repository, action } = lacking;
    return challenge(
      request,
      needs,
      `unauthorized to access repository: ${repository}, action: ${action}`,
    );
  }

  function accessOf(request: FakeRequest): ((need: Need) => boolean) | undefined {
    const user = userOf(request);
    if (user === "refused") return undefined;
    if (user !== undefined) return ({ action }) => has(user, `repository:${action}`);
    const token = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
    const grant = token === undefined ? undefined : grants.get(token);
    if (grant === undefined || grant.expiresAt <= now()) return undefined;
    return ({ repository, action }) => grant.access.get(repository)?.includes(action) === true;
  }

  /** Who sends any credentials is asked for Basic from then on. */
  function challenge(request: FakeRequest, needs: readonly Need[], message: string): FakeResponse {
    const scopes = needs.map(({ repository, action }) => `repository:${repository}:${action}`);
    const scope = scopes.length === 0 ? "" : `,scope="${scopes.join(" ")}"`;
    const bearer = `Bearer realm="${originOf(request)}/service/token",service="${SERVICE}"${scope}`;
    const isKnown = request.headers["authorization"] !== undefined;
    return problem(
      401,
      { code: "UNAUTHORIZED", message },
      { "www-authenticate": isKnown ? 'Basic realm="harbor"' : bearer },
    );
  }

  function issue(request: FakeRequest): FakeResponse {
    if (request.method !== "GET") return problem(405, "METHOD_NOT_ALLOWED");
    if (request.query.get("service") !== SERVICE) return problem(400, "BAD_REQUEST");
    const user = userOf(request);
    if (user === "refused") return problem(401, "UNAUTHORIZED");
    const token = randomBytes(24).toString("base64url");
    const scopes = request.query.getAll("scope").flatMap((value) => value.split(" "));
    grants.set(token, {
      expiresAt: now() + LIFETIME_SECONDS * 1000,
      access: new Map(scopes.flatMap((scope) => granted(scope, user))),
    });
    return answerJson(200, {
      token,
      access_token: token,
      expires_in: LIFETIME_SECONDS,
      issued_at: new Date(now()).toISOString(),
    });
  }

  function userOf({ headers }: FakeRequest): HarborUser | "refused" | undefined {
    const { authorization } = headers;
    if (authorization === undefined || !/^basic /i.test(authorization)) return undefined;
    const found = basicUser(authorization, users);
    return users.find(({ username }) => username === found?.username) ?? "refused";
  }
}

export function has(user: HarborUser, permission: string): boolean {
  return (user.permissions ?? MAINTAINER).some((one) => one === permission);
}

export function projectOf(repository: string): string {
  return repository.split("/")[0] ?? "";
}

const ACTIONS: readonly Action[] = ["pull", "push", "delete"];

function granted(scope: string, user: HarborUser | undefined): [string, readonly Action[]][] {
  const [, name, asked] = /^repository:([^:]+):(.+)$/.exec(scope) ?? [];
  if (name === undefined || asked === undefined || user === undefined) return [];
  const wanted = asked.split(",");
  return [
    [
      name,
      ACTIONS.filter(
        (action) =>
          (wanted.includes(action) || wanted.includes("*")) && has(user, `repository:${action}`),
      ),
    ],
  ];
}
