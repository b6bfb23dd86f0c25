import type { FakeRequest, FakeResponse } from "./message.ts";

export type Action = "pull" | "push" | "delete";

export interface FakeUser {
  readonly username: string;
  readonly password: string;
  /** In every repository. Default: all three. */
  readonly rights?: readonly Action[];
}

export type FakeAuth =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly users: readonly FakeUser[] }
  | FakeBearerAuth;

export interface FakeBearerAuth {
  readonly kind: "bearer";
  readonly users: readonly FakeUser[];
  /** What nobody in particular may do. Default: nothing. */
  readonly anonymousRights?: readonly Action[];
  /** `opaque`: random text; `jwt`: three base64url parts, unsigned. Both are looked up, never parsed. */
  readonly tokenForm?: "opaque" | "jwt";
  /** Default: 300. */
  readonly lifetimeSeconds?: number;
  /** Leaves `expires_in` out, which then means 60 seconds. */
  readonly hidesLifetime?: boolean;
  /** `get`: `POST` is answered with 405, as by servers without the OAuth form. Default: both. */
  readonly tokenMethods?: "both" | "get";
  /** Refresh tokens by what they stand for: `{ "refresh-1": "bot" }`. */
  readonly identityTokens?: Readonly<Record<string, string>>;
  /** Whether a user who asks with `offline_token=true` gets a refresh token too: `identity-of-<name>`. Default: no. */
  readonly issuesIdentityTokens?: boolean;
  /** The token endpoint's address when it stands elsewhere; default: `/token` on this registry. */
  readonly realm?: string;
  /** The service that tokens are for. Default: one that no other registry has. */
  readonly service?: string;
}

/** What a path needs; `undefined` for the version check, which needs any valid credentials. */
export interface Need {
  readonly repository: string;
  readonly action: Action;
}

export interface Gate {
  /** The refusal, or `undefined` when the request may go on. */
  check(request: FakeRequest, needs: readonly Need[]): FakeResponse | undefined;
  /** The token endpoint. */
  issue(request: FakeRequest): FakeResponse;
  /** Makes every token issued so far worthless. */
  revokeTokens(): void;
}

export const ALL_RIGHTS: readonly Action[] = ["pull", "push", "delete"];

/** The user whose name and password `header` carries. */
export function basicUser(
  header: string | undefined,
  users: readonly FakeUser[],
): FakeUser | undefined {
  const encoded = /^basic (.+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return users.find(
    ({ username, password }) =>
      username === text.slice(0, colon) && password === text.slice(colon + 1),
  );
}
