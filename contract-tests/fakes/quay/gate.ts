import { randomBytes } from "node:crypto";
import { basicUser } from "../auth.ts";
import type { Action, Gate, Need } from "../auth.ts";
import { answerJson, originOf, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { createRepository } from "../state.ts";
import type { RegistryState } from "../state.ts";

/** Each has what the ones before have. */
export type Role = "read" | "write" | "admin";

export interface QuayUser {
  /** A robot's is `namespace+name`. */
  readonly username: string;
  readonly password: string;
  /** In every repository. Default: `admin`, which may also make repositories. */
  readonly role?: Role;
}

export interface GateOptions {
  readonly state: RegistryState;
  readonly users: readonly QuayUser[];
  readonly now: () => number;
  /** Repository names may have more than one slash. */
  readonly isNested: boolean;
}

interface Grant {
  readonly expiresAt: number;
  readonly access: ReadonlyMap<string, readonly Action[]>;
}

/** Source: quay/quay `endpoints/v2/v2auth.py`. */
const LIFETIME_MS = 60 * 60 * 1000;
const SCOPE =
  /^repository:((?:[.a-zA-Z0-9_-]+\/)*[.a-zA-Z0-9_-]+):((?:push|pull|\*)(?:,(?:push|pull|\*))*)$/;

/** Quay's tokens: for `pull`, `push` and `*`, and leave to push makes the repository. */
export function createQuayGate({ state, users, now, isNested }: GateOptions): Gate {
  const grants = new Map<string, Grant>();

  return { check, issue, revokeTokens: () => grants.clear() };

  function check(request: FakeRequest, needs: readonly Need[]): FakeResponse | undefined {
    const token = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
    const grant = token === undefined ? undefined : grants.get(token);
    const isValid = grant !== undefined && grant.expiresAt > now();
    // A deletion is a push.
    const wanted = needs.map(({ repository, action }) => ({
      repository,
      action: action === "delete" ? "push" : action,
    }));
    const isAllowed = wanted.every(
      ({ repository, action }) =>
        grant?.access.get(repository)?.some((one) => one === action) === true,
    );
    if (isValid && isAllowed) return undefined;
    const scopes = wanted.map(({ repository, action }) =>
      action === "push" ? `repository:${repository}:pull,push` : `repository:${repository}:pull`,
    );
    const [scope] = scopes.toReversed();
    const service = request.headers["host"] ?? "";
    const realm = `${originOf(request)}/v2/auth`;
    return problem(
      401,
      { code: "UNAUTHORIZED", message: "access to the requested resource is not authorized" },
      {
        "www-authenticate": `Bearer realm="${realm}",service="${service}"${scope === undefined ? "" : `,scope="${scope}"`}`,
      },
    );
  }

  function issue(request: FakeRequest): FakeResponse {
    if (request.method !== "GET") return problem(405, "UNSUPPORTED");
    const { headers, query } = request;
    const found = basicUser(headers["authorization"], users);
    const user = users.find(({ username }) => username === found?.username);
    if (user === undefined && headers["authorization"] !== undefined) {
      return problem(401, {
        code: "UNAUTHORIZED",
        message: "Could not find robot or invalid password",
      });
    }
    const scopes = query.getAll("scope").filter((scope) => scope !== "");
    if (user === undefined && scopes.length === 0) return problem(401, "UNAUTHORIZED");
    const access = new Map<string, readonly Action[]>();
    for (const scope of scopes) {
      const [, name, actions] = SCOPE.exec(scope) ?? [];
      if (name === undefined || actions === undefined) {
        const message = `Unable to decode repository and actions: ${scope}`;
        return problem(400, { code: "INVALID_REQUEST", message });
      }
      if (!isNested && name.split("/").length > 2) {
        const message = `Nested repositories are not supported. Found: ${name}`;
        return problem(400, { code: "NAME_INVALID", message });
      }
      access.set(
        name,
        granted(name, actions.split(","), user?.role ?? "admin", user !== undefined),
      );
    }
    const token = randomBytes(24).toString("base64url");
    grants.set(token, { expiresAt: now() + LIFETIME_MS, access });
    return answerJson(200, { token });
  }

  function granted(
    name: string,
    asked: readonly string[],
    role: Role,
    isKnown: boolean,
  ): readonly Action[] {
    if (!isKnown) return [];
    const mayPush = asked.includes("push") && role !== "read";
    if (mayPush && !state.repositories.has(name)) {
      if (role !== "admin") return [];
      state.repositories.set(name, createRepository());
    }
    return [
      ...(asked.includes("pull") ? (["pull"] as const) : []),
      ...(mayPush ? (["push"] as const) : []),
    ];
  }
}
