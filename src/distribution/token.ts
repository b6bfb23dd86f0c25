import type { HttpClient, HttpResponse } from "../http/client.ts";
import type { Credentials } from "../registry/adapter.ts";
import { redactUrl } from "../http/redact.ts";
import type { Purpose } from "./error-response.ts";
import { protocolError, refusalError } from "./error-response.ts";

export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Absent: an anonymous token. */
  readonly credentials: Exclude<Credentials, { readonly kind: "bearer-token" }> | undefined;
  readonly purpose: Purpose;
  /** Whether an identity token is asked for too, as a login does. Default: no. */
  readonly offline?: boolean;
}

export interface Token {
  readonly token: string;
  /** How long it may be used. */
  readonly lifetimeMs: number;
  /** What takes the place of the credentials it was bought with, when the server sent one. */
  readonly refreshToken: string | undefined;
}

/** A token service answers with some kilobytes: a signed token and its certificates. */
const MAX_TOKEN_BYTES = 1024 * 1024;
const CLIENT_ID = "tidemark";
/** Source: distribution, token authentication: sixty seconds when `expires_in` is missing. */
const DEFAULT_LIFETIME_SECONDS = 60;

/**
 * Buys a token. A password is sent with GET, an identity token with POST, each in the other way too where the
 * service does not know the first one. Rejects with `RegistryError`.
 */
export async function fetchToken(http: HttpClient, request: TokenRequest): Promise<Token> {
  const { credentials } = request;
  const ways = credentials?.kind === "identity-token" ? [post, get] : [get, post];
  const [first = get, second = post] = ways;
  let response = await first(http, request);
  if (credentials !== undefined && UNKNOWN_WAY.has(response.status)) {
    await response.discard();
    response = await second(http, request);
  }
  const body = await response.bytes(MAX_TOKEN_BYTES);
  if (response.status !== 200)
    throw refusalError(tokenPurpose(request), { status: response.status, body });
  return readToken(request, body);
}

/** A service that does not know the way a token was asked for, not one that refuses the credentials. */
const UNKNOWN_WAY = new Set([404, 405, 415, 501]);

function get(
  http: HttpClient,
  { realm, service, scopes, credentials, offline = false }: TokenRequest,
): Promise<HttpResponse> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (credentials?.kind === "password") url.searchParams.set("account", credentials.username);
  if (offline) {
    url.searchParams.set("offline_token", "true");
    url.searchParams.set("client_id", CLIENT_ID);
  }
  const headers = credentials === undefined ? {} : { authorization: basicHeader(credentials) };
  return http.send({ method: "GET", url, headers });
}

function post(
  http: HttpClient,
  { realm, service, scopes, credentials, offline = false }: TokenRequest,
): Promise<HttpResponse> {
  const form = new URLSearchParams({ client_id: CLIENT_ID, scope: scopes.join(" ") });
  if (service !== undefined) form.set("service", service);
  if (credentials?.kind === "identity-token") {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credentials.token);
  } else if (credentials !== undefined) {
    form.set("grant_type", "password");
    form.set("username", credentials.username);
    form.set("password", credentials.password);
    if (offline) form.set("access_type", "offline");
  }
  return http.send({
    method: "POST",
    url: realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new TextEncoder().encode(form.toString()),
  });
}

/** `Basic …`. An identity token goes by the name that credential helpers give it. */
export function basicHeader(credentials: NonNullable<TokenRequest["credentials"]>): string {
  const pair =
    credentials.kind === "password"
      ? `${credentials.username}:${credentials.password}`
      : `<token>:${credentials.token}`;
  return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

function readToken(request: TokenRequest, body: Uint8Array): Token {
  const json = parseObject(body);
  const token = [json?.["token"], json?.["access_token"]].find(isText);
  if (token === undefined) {
    throw protocolError(
      tokenPurpose(request),
      `${redactUrl(request.realm)} answered without a token`,
    );
  }
  const seconds = Number(json?.["expires_in"]);
  const isUsable = Number.isFinite(seconds) && seconds > 0;
  const refreshToken = json?.["refresh_token"];
  return {
    token,
    lifetimeMs: (isUsable ? seconds : DEFAULT_LIFETIME_SECONDS) * 1000,
    refreshToken: isText(refreshToken) ? refreshToken : undefined,
  };
}

function tokenPurpose({ purpose, realm }: TokenRequest): Purpose {
  return { ...purpose, verb: `get a token of ${realm.host} to ${purpose.verb}` };
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof json === "object" && json !== null ? { ...json } : undefined;
  } catch {
    return undefined; // Reported by the caller: an answer without a token.
  }
}

/** A header value: visible characters only. */
function isText(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
