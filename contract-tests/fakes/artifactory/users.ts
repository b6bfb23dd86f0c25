import { basicUser } from "../auth.ts";
import type { Action, FakeUser } from "../auth.ts";
import type { FakeRequest } from "../message.ts";

/** As permission targets call them. */
export type Permission = "read" | "deploy" | "delete" | "manage";

export interface ArtifactoryUser {
  readonly username: string;
  readonly password: string;
  /** An access token of the user. */
  readonly token?: string;
  /** Default: all. */
  readonly permissions?: readonly Permission[];
  /** The search leaves out all that lies in the repositories: patterns exclude it. */
  readonly isBlind?: boolean;
}

export function may({ permissions }: ArtifactoryUser, permission: Permission): boolean {
  return permissions?.includes(permission) ?? true;
}

/** Who sends a request: by Basic with password or token, or by a token alone. */
export function userOf(
  { headers }: Pick<FakeRequest, "headers">,
  users: readonly ArtifactoryUser[],
): ArtifactoryUser | undefined {
  const { authorization = "" } = headers;
  const bearer = /^bearer (.+)$/i.exec(authorization)?.[1];
  if (bearer !== undefined) return users.find(({ token }) => token === bearer);
  const found = basicUser(authorization, asRegistryUsers(users));
  return users.find(({ username }) => username === found?.username);
}

/** The users as `/v2/` knows them: each with password and token. */
export function asRegistryUsers(users: readonly ArtifactoryUser[]): FakeUser[] {
  return users.flatMap((user) => {
    const { username, password, token } = user;
    const rights = ACTIONS.filter(([, permission]) => may(user, permission)).map(([one]) => one);
    const common = { username, rights };
    return [
      { ...common, password },
      ...(token === undefined ? [] : [{ ...common, password: token }]),
    ];
  });
}

const ACTIONS: readonly (readonly [Action, Permission])[] = [
  ["pull", "read"],
  ["push", "deploy"],
  ["delete", "delete"],
];
