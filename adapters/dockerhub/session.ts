import { refusalError, protocolError } from "../../src/distribution/error-response.ts";
import type { Purpose } from "../../src/distribution/error-response.ts";
import type { NativeApiOptions } from "../../src/distribution/native-api.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { readJwt } from "./login.ts";
import type { HubLogin } from "./login.ts";
import { loginAnswer } from "./schema.ts";

/** The authorisation of every request of one login. */
export type Session = Pick<NativeApiOptions, "authorize" | "secrets">;

export interface SessionOptions {
  /** Of the registry, for messages. */
  readonly host: string;
  readonly login: HubLogin;
  readonly send: NativeApiOptions["send"];
  readonly now: () => Date;
}

/** A JWT is renewed when this much of its life is left, so that none runs out on its way. */
const RENEW_BEFORE_MS = 30_000;
/** Requests side by side are refused together: this soon after one of them made us enter again, the others need not. */
const FRESH_MS = 5_000;
/** When the JWT does not tell. */
const ASSUMED_LIFE_MS = 5 * 60_000;
const MAX_LOGIN_BYTES = 64 * 1024;

interface Held {
  readonly token: Promise<string>;
  /** Milliseconds since the epoch: it took the place of a refused one then. */
  readonly replacedAt: number | undefined;
  renewAt: number;
}

/** Source: Hub API reference, "Create access token". */
export function createSession({ host, login, send, now }: SessionOptions): Session {
  const secrets = new Set([login.kind === "jwt" ? login.token : login.secret]);
  let held: Held | undefined;
  return {
    secrets: () => secrets,
    async authorize({ again, signal }) {
      signal?.throwIfAborted();
      if (login.kind === "jwt") return again ? undefined : bearer(readyToken(login));
      const at = now().getTime();
      const isRefused = again && at - (held?.replacedAt ?? Number.NEGATIVE_INFINITY) >= FRESH_MS;
      if (held === undefined || held.renewAt <= at || isRefused) {
        held = hold(login, again ? at : undefined);
      }
      const token = await held.token;
      signal?.throwIfAborted();
      return bearer(token);
    },
  };

  /** A JWT that is over is not sent. */
  function readyToken({ token, expiresAt }: HubLogin & { readonly kind: "jwt" }): string {
    if (expiresAt === undefined || expiresAt > now().getTime()) return token;
    throw new RegistryError(
      "unauthorized",
      `${host}: cannot enter the Hub API: unauthorized (the JWT of docker-hub-token ran out at ${new Date(expiresAt).toISOString()})`,
      { hint: RENEWABLE },
    );
  }

  function hold(
    secret: HubLogin & { readonly kind: "secret" },
    replacedAt: number | undefined,
  ): Held {
    const since = now().getTime();
    const entry: Held = { token: enter(secret), replacedAt, renewAt: Number.POSITIVE_INFINITY };
    entry.token.then(
      (token) => {
        const { expiresAt = since + ASSUMED_LIFE_MS } = readJwt(token) ?? {};
        entry.renewAt = expiresAt - RENEW_BEFORE_MS;
      },
      () => {
        if (held === entry) held = undefined;
      },
    );
    return entry;
  }

  async function enter({
    identifier,
    secret,
  }: HubLogin & { readonly kind: "secret" }): Promise<string> {
    const response = await send("/v2/auth/token", {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify({ identifier, secret })),
    });
    const body = await response.bytes(MAX_LOGIN_BYTES);
    const purpose: Purpose = {
      host,
      verb: "enter the Hub API as",
      reference: identifier,
      scrub: (text) => text.replaceAll(secret, "***"),
    };
    if (response.status !== 200) {
      const refusal = refusalError(purpose, { status: response.status, body });
      if (refusal.code !== "unauthorized") throw refusal;
      throw new RegistryError("unauthorized", refusal.message, { status: 401, hint: CHECK_LOGIN });
    }
    const token = loginAnswer(body);
    if (token === undefined) throw protocolError(purpose, "the answer has no access token");
    secrets.add(token);
    return token;
  }
}

const RENEWABLE =
  "Give docker-hub-username with a password or an access token instead: those are exchanged for a JWT whenever one is needed.";

const CHECK_LOGIN =
  "Check docker-hub-username and its password or token; accounts with a second factor, and members of organisations with single sign-on, need an access token.";

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}
