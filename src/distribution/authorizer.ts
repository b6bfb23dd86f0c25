import { HttpError } from "../http/client.ts";
import type { HttpClient } from "../http/client.ts";
import type { Credentials, CredentialSource } from "../registry/adapter.ts";
import { chooseChallenge } from "./challenge.ts";
import type { Challenge } from "./challenge.ts";
import { isRegistryError } from "../registry/error.ts";
import { protocolError, transportFailure, unreadableCredentials } from "./error-response.ts";
import type { Purpose } from "./error-response.ts";
import type { Origin } from "./origin.ts";
import { ACTIONS, mergeScopes, repositoryScope } from "./scope.ts";
import type { Access } from "./scope.ts";
import { basicHeader, fetchToken } from "./token.ts";
import type { Token } from "./token.ts";

export type { Access } from "./scope.ts";

/** Turns challenges into `Authorization` headers, and remembers what it learned. */
export interface Authorizer {
  /**
   * What to send with a request; `undefined` as long as the registry asked for nothing. Rejects with `RegistryError`, or with the reason of an aborted signal.
   */
  pass(access: Access, purpose: Purpose, signal?: AbortSignal): Promise<Pass | undefined>;
  /** Learns from a 401. Answers whether another pass may do better. */
  refused(access: Access, pass: Pass | undefined, challenges: readonly string[]): boolean;
  /**
   * Learns from a 403, with which some registries answer to a password that ran out. Answers whether another pass may do
   * better.
   */
  denied(access: Access, pass: Pass | undefined): boolean;
  /** Takes every secret this authorizer has seen out of a text. */
  readonly scrub: (text: string) => string;
}

/** What a request was sent with. */
interface Pass {
  /** Absent: the registry asks for credentials, and none are known. */
  readonly header?: string;
  /** What a Basic header was made of. */
  readonly credentials?: Credentials;
  /** Absent for credentials that are sent as they are. */
  readonly token?: {
    readonly key: string;
    readonly held: HeldToken;
    /** Bought for this very request, so that buying the same one again is no use. */
    readonly isFresh: boolean;
    /** Which of `ACTIONS` it was asked for. */
    readonly width: number;
  };
}

export interface AuthorizerOptions {
  readonly host: string;
  readonly http: HttpClient;
  readonly origin: Origin;
  readonly credentials: CredentialSource;
  readonly now: () => Date;
  /** `WWW-Authenticate` values that the registry is known to answer with; it need not be asked first then. */
  readonly challenges?: readonly string[] | undefined;
  /** The actions a deletion asks for, narrowest first; default: as `ACTIONS` says. */
  readonly deleteActions?: readonly string[] | undefined;
}

/** A token is renewed when this part of its life is over. */
const RENEW_AT = 0.8;

interface HeldToken {
  readonly token: Promise<Token>;
  /** Milliseconds since the epoch; set once the token is there. */
  renewAt: number;
}

interface FoundCredentials {
  readonly credentials: Promise<Credentials | undefined>;
  /** Milliseconds since the epoch; set once the credentials are there. */
  renewAt: number;
}

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { host, http, origin, now } = options;
  const allActions = { ...ACTIONS, delete: options.deleteActions ?? ACTIONS.delete };
  let challenge = chooseChallenge(options.challenges ?? []);
  /** How far down `ACTIONS.delete` this registry made us go. */
  const widths = { pull: 0, push: 0, delete: 0 };
  const namedScopes = new Map<string, readonly string[]>();
  const tokens = new Map<string, HeldToken>();
  const found = new Map<string, FoundCredentials>();
  const refreshed = new Map<string, string>();
  const secrets = new Set<string>();

  return {
    pass,
    refused,
    denied: (access, pass) => pass !== undefined && findOthers(access, pass),
    scrub,
  };

  async function pass(
    access: Access,
    purpose: Purpose,
    signal?: AbortSignal,
  ): Promise<Pass | undefined> {
    if (challenge === undefined) return undefined;
    const credentials = await unlessAborted(credentialsFor(access.name, purpose), signal);
    if (credentials?.kind === "bearer-token") {
      return { header: `Bearer ${credentials.token}` };
    }
    if (challenge.scheme === "basic") {
      return credentials === undefined ? {} : { header: basicHeader(credentials), credentials };
    }
    return tokenPass({ access, purpose, credentials, challenge, signal });
  }

  async function tokenPass(wanted: {
    readonly access: Access;
    readonly purpose: Purpose;
    readonly credentials: Exclude<Credentials, { readonly kind: "bearer-token" }> | undefined;
    readonly challenge: Challenge & { readonly scheme: "bearer" };
    readonly signal: AbortSignal | undefined;
  }): Promise<Pass> {
    const { access, purpose, credentials, signal } = wanted;
    const { realm, service } = wanted.challenge;
    const scopes = scopesFor(access);
    const identity = credentials === undefined ? "" : basicHeader(credentials);
    const width = widths[access.right];
    const key = JSON.stringify([realm.href, service, [...scopes].sort(), identity]);
    const known = tokens.get(key);
    const isFresh = known === undefined || known.renewAt <= now().getTime();
    const held = isFresh ? hold() : known;
    const { token } = await unlessAborted(held.token, signal);
    return { header: `Bearer ${token}`, token: { key, held, isFresh, width } };

    async function buy(): Promise<Token> {
      if (credentials !== undefined) refuseInTheClear(realm, purpose);
      const newer = refreshed.get(identity);
      const used =
        credentials?.kind === "identity-token" && newer !== undefined
          ? { ...credentials, token: newer }
          : credentials;
      const token = await fetchToken(http, { realm, service, scopes, credentials: used, purpose });
      remember(token.token);
      if (token.refreshToken !== undefined && credentials?.kind === "identity-token") {
        remember(token.refreshToken);
        refreshed.set(identity, token.refreshToken);
      }
      return token;
    }

    function hold(): HeldToken {
      const token = buy().catch((error: unknown) => {
        if (tokens.get(key) === held) tokens.delete(key);
        throw error instanceof HttpError ? transportFailure(purpose, error) : error;
      });
      const held: HeldToken = { token, renewAt: Number.POSITIVE_INFINITY };
      const startedAt = now().getTime();
      void token.then(
        ({ lifetimeMs }) => (held.renewAt = startedAt + lifetimeMs * RENEW_AT),
        () => undefined, // Whoever waits for the token gets the error.
      );
      tokens.set(key, held);
      return held;
    }
  }

  function refused(access: Access, pass: Pass | undefined, challenges: readonly string[]): boolean {
    const chosen = chooseChallenge(challenges);
    if (chosen === undefined) return false;
    const isNew = challenge === undefined || !isSameService(challenge, chosen);
    challenge = chosen;
    if (chosen.scheme === "basic") return isNew || pass === undefined || findOthers(access, pass);
    const isWider = nameScopes(access, chosen.scopes);
    if (pass === undefined || isNew || isWider) return true;
    return pass.token !== undefined && replace(access, pass.token);
  }

  /** Whether the source of credentials that were refused has others to offer; they are looked up by the next pass. */
  function findOthers({ name }: Access, { credentials }: Pass): boolean {
    if (credentials === undefined) return false;
    if (options.credentials.refused?.(host, name, credentials) !== true) return false;
    found.delete(name);
    return true;
  }

  function scopesFor(access: Access): readonly string[] {
    const { name, right, from } = access;
    const actions = allActions[right][widths[right]] ?? "pull";
    return mergeScopes([
      repositoryScope(name, actions),
      ...(from === undefined ? [] : [repositoryScope(from, "pull")]),
      ...(namedScopes.get(keyOf(access)) ?? []),
    ]);
  }

  /** Keeps the scopes a refusal named; answers whether they are more than we asked for. */
  function nameScopes(access: Access, named: readonly string[]): boolean {
    const before = scopesFor(access);
    const key = keyOf(access);
    namedScopes.set(key, mergeScopes([...(namedScopes.get(key) ?? []), ...named]));
    return scopesFor(access).join(" ") !== before.join(" ");
  }

  /** Drops a token that was refused. Answers whether another one may be any better. */
  function replace({ right }: Access, { key, held, isFresh, width }: HeldPass): boolean {
    if (tokens.get(key) === held) tokens.delete(key);
    if (!isFresh || width < widths[right]) return true;
    if (width + 1 >= allActions[right].length) return false;
    widths[right] = width + 1;
    return true;
  }

  function credentialsFor(name: string, purpose: Purpose): Promise<Credentials | undefined> {
    const known = found.get(name);
    if (known !== undefined && known.renewAt > now().getTime()) return known.credentials;
    const entry = {
      credentials: findCredentials(name, purpose),
      renewAt: Number.POSITIVE_INFINITY,
    };
    void entry.credentials.then(
      (credentials) => (entry.renewAt = credentials?.renewAt ?? Number.POSITIVE_INFINITY),
      (error: unknown) => {
        // Whoever waits for the credentials gets the error; after an outage the next one asks again.
        if (isOutage(error) && found.get(name) === entry) found.delete(name);
      },
    );
    found.set(name, entry);
    return entry.credentials;
  }

  async function findCredentials(name: string, purpose: Purpose): Promise<Credentials | undefined> {
    try {
      const credentials = await options.credentials.find(host, name);
      if (credentials !== undefined) rememberCredentials(credentials);
      return credentials;
    } catch (error) {
      if (isOutage(error)) throw error;
      throw unreadableCredentials(purpose, error);
    }
  }

  /** Source: distribution, token authentication. A registry without TLS may have such a service beside it. */
  function refuseInTheClear(realm: URL, purpose: Purpose): void {
    if (realm.protocol === "https:") return;
    const registry = new URL(`${origin.protocol()}//${host}`);
    if (registry.protocol === "http:" && registry.hostname === realm.hostname) return;
    throw protocolError(
      purpose,
      `the token service ${realm.host} is not reached over https:, so it gets no credentials`,
    );
  }

  function rememberCredentials(credentials: Credentials): void {
    if (credentials.kind !== "password") remember(credentials.token);
    else remember(credentials.password);
    if (credentials.kind !== "bearer-token")
      remember(basicHeader(credentials).slice("Basic ".length));
  }

  function remember(secret: string): void {
    if (secret === "") return;
    secrets.add(secret);
    secrets.add(encodeURIComponent(secret));
  }

  function scrub(text: string): string {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, "***");
    return clean;
  }
}

type HeldPass = NonNullable<Pass["token"]>;

function keyOf({ right, name, from }: Access): string {
  return [right, name, from ?? ""].join(" ");
}

/** Whether a source of credentials is out of reach for now, which says nothing about them. */
function isOutage(error: unknown): boolean {
  return isRegistryError(error, "unavailable", "rate-limited");
}

function isSameService(one: Challenge, other: Challenge): boolean {
  if (one.scheme === "basic" || other.scheme === "basic") return one.scheme === other.scheme;
  return one.realm.href === other.realm.href && one.service === other.service;
}

/** The promise's value, or the signal's reason as soon as it aborts; the promise itself goes on for others. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
