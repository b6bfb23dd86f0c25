import { HttpError } from "../http/client.ts";
import type { HttpClient, HttpResponse } from "../http/client.ts";
import type { Credentials } from "../registry/adapter.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import { chooseChallenge } from "./challenge.ts";
import type { Challenge } from "./challenge.ts";
import { protocolError, refusalError, transportFailure } from "./error-response.ts";
import type { Purpose } from "./error-response.ts";
import { createOrigin } from "./origin.ts";
import type { Origin } from "./origin.ts";
import { basicHeader, fetchToken } from "./token.ts";

type LoginCredentials = Exclude<Credentials, { readonly kind: "bearer-token" }>;

export interface LoginTrial {
  /** What people call the registry. */
  readonly host: string;
  /** Where its API is. */
  readonly apiHost: string;
  readonly http: HttpClient;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly credentials: LoginCredentials;
  readonly signal: AbortSignal;
}

export interface LoginAnswer {
  /** Whether the registry looked at the credentials: one that is open to all may not. */
  readonly isChecked: boolean;
  /** What the registry wants to be shown from then on, when it issued one. */
  readonly identityToken: string | undefined;
}

/** A registry answers its version check with some words at most. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Tries credentials on a registry: greets it, and shows them in the way it asks for. Rejects with `RegistryError`
 * (`unauthorized` when they are refused), or with the abort reason.
 *
 * Source: OCI distribution-spec, "Determining Support"; distribution, token authentication.
 */
export async function tryLogin(trial: LoginTrial): Promise<LoginAnswer> {
  const { host, apiHost, http, insecure } = trial;
  const origin = createOrigin({ host: apiHost, http, insecure });
  const secrets = secretsOf(trial.credentials);
  const purpose: Purpose = {
    host,
    verb: "log in to",
    reference: host,
    scrub: (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text),
  };
  try {
    return await tryAt(origin, trial, purpose);
  } catch (error) {
    trial.signal.throwIfAborted();
    if (error instanceof HttpError) throw transportFailure(purpose, error);
    throw withHint(error, trial.credentials);
  }
}

async function tryAt(origin: Origin, trial: LoginTrial, purpose: Purpose): Promise<LoginAnswer> {
  const greeting = await greet(origin, trial.signal);
  const challenge = greeting.status === 401 ? chooseChallenge(greeting.challenges) : undefined;
  if (greeting.status === 401 && challenge === undefined) {
    throw protocolError(purpose, "it asks for credentials in no way that is known here");
  }
  if (greeting.status !== 401) await expectWelcome(greeting, purpose);
  else await greeting.discard();
  if (challenge?.scheme === "bearer") return tryToken(origin, { trial, purpose, challenge });

  // One that is open to all looks at credentials all the same, if it has users.
  const authorization = basicHeader(trial.credentials);
  await expectWelcome(await greet(origin, trial.signal, authorization), purpose);
  return { isChecked: challenge !== undefined, identityToken: undefined };
}

async function tryToken(
  origin: Origin,
  {
    trial,
    purpose,
    challenge,
  }: {
    readonly trial: LoginTrial;
    readonly purpose: Purpose;
    readonly challenge: Challenge & { readonly scheme: "bearer" };
  },
): Promise<LoginAnswer> {
  const { http, credentials, signal } = trial;
  const { realm, service, scopes } = challenge;
  if (!isSafe(realm, origin, trial.apiHost)) {
    const why = `the token service ${realm.host} is not reached over https:, so it gets no credentials`;
    throw protocolError(purpose, why);
  }
  const { token, refreshToken } = await fetchToken(http, {
    realm,
    service,
    scopes,
    credentials,
    purpose,
    offline: true,
  });
  await expectWelcome(await greet(origin, signal, `Bearer ${token}`), purpose);
  return { isChecked: true, identityToken: refreshToken };
}

function greet(origin: Origin, signal: AbortSignal, authorization?: string): Promise<HttpResponse> {
  const headers = authorization === undefined ? {} : { authorization };
  return origin.send("/v2/", { method: "GET", headers, signal });
}

async function expectWelcome(answer: HttpResponse, purpose: Purpose): Promise<void> {
  const { status } = answer;
  const body = await answer.bytes(MAX_ANSWER_BYTES);
  if (status !== 200) throw refusalError(purpose, { status, body });
}

/** A registry without TLS may have a token service without TLS beside it. */
function isSafe(realm: URL, origin: Origin, apiHost: string): boolean {
  if (realm.protocol === "https:") return true;
  const { protocol, hostname } = new URL(`${origin.protocol()}//${apiHost}`);
  return protocol === "http:" && hostname === realm.hostname;
}

/** A refused login is told what to look at, not to log in. */
function withHint(error: unknown, { kind }: LoginCredentials): unknown {
  if (!isRegistryError(error, "unauthorized", "denied")) return error;
  const hint =
    kind === "password"
      ? "Nothing was stored; check the registry, the user and the password or token."
      : "Nothing was stored; a token that belongs to a user needs its name too: --username NAME.";
  const { code, message, status, registryCode } = error;
  return new RegistryError(code, message, {
    hint,
    cause: error,
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
  });
}

/** In the forms in which a server may echo them. */
function secretsOf(credentials: LoginCredentials): readonly string[] {
  const secret = credentials.kind === "password" ? credentials.password : credentials.token;
  const pair = basicHeader(credentials).slice("Basic ".length);
  return [pair, secret, encodeURIComponent(secret)].filter((text) => text !== "");
}
