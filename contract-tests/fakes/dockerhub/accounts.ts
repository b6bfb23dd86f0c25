import { randomBytes } from "node:crypto";
import type { FakeUser } from "../auth.ts";
import type { FakeRequest } from "../message.ts";

/** Who may enter, and with what. Source: docs.docker.com, "Personal access tokens". */
export interface HubAccount {
  /** A user, or an organisation with an access token. */
  readonly identifier: string;
  /** A password or an access token. */
  readonly secret: string;
  /** Default: all three. */
  readonly permission?: "read" | "write" | "delete";
}

/** The JWTs of the Hub API. Source: Hub API reference, "Create access token". */
export interface Sessions {
  /** The JWT for these credentials; `undefined` when they are wrong. */
  login(identifier: unknown, secret: unknown): string | undefined;
  /** Whose JWT a request carries: `none` without one, `refused` for one that is unknown or over. */
  of(request: FakeRequest): HubAccount | "none" | "refused";
  revoke(): void;
}

/** Seconds that a JWT of the Hub API lives here; the Hub says only that it is short. */
const LIFE_SECONDS = 600;

export function createSessions(accounts: readonly HubAccount[], now: () => number): Sessions {
  const issued = new Map<string, { readonly account: HubAccount; readonly expiresAt: number }>();
  return {
    login(identifier, secret) {
      const account = accounts.find(
        (known) => known.identifier === identifier && known.secret === secret,
      );
      if (account === undefined) return undefined;
      const exp = Math.floor(now() / 1000) + LIFE_SECONDS;
      const token = jwtOf({
        exp,
        jti: randomBytes(12).toString("hex"),
        "https://hub.docker.com": { username: account.identifier },
      });
      issued.set(token, { account, expiresAt: exp * 1000 });
      return token;
    },
    of({ headers }) {
      const { authorization } = headers;
      if (authorization === undefined) return "none";
      const known = issued.get(/^Bearer (.+)$/.exec(authorization)?.[1] ?? "");
      return known === undefined || known.expiresAt <= now() ? "refused" : known.account;
    },
    revoke: () => issued.clear(),
  };
}

/** The same account at the registry's token service. */
export function userOf({ identifier, secret, permission }: HubAccount): FakeUser {
  const rights = {
    read: ["pull"] as const,
    write: ["pull", "push"] as const,
    delete: ["pull", "push", "delete"] as const,
  };
  return { username: identifier, password: secret, rights: rights[permission ?? "delete"] };
}

function jwtOf(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.${randomBytes(32).toString("base64url")}`;
}
