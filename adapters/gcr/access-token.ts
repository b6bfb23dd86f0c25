import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isLoopback } from "../../src/distribution/origin.ts";
import { HttpError } from "../../src/http/client.ts";
import type { HttpRequest, HttpResponse } from "../../src/http/client.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { CredentialFile, TokenAnswer } from "./schema.ts";

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since the epoch; absent: nobody knows. */
  readonly expiresAt?: number;
}

/** Gets a token. Rejects with an `Error` of one line without secrets. */
export type TokenSource = () => Promise<AccessToken>;

type Door = Pick<AdapterContext, "http" | "now">;

/** Source: Google Cloud docs, "OAuth 2.0 for server to server applications": a signed assertion for an access token. */
export async function openKeyFile(
  path: string,
  door: Door,
): Promise<{ readonly source: TokenSource; readonly identity?: string }> {
  const key = await readKeyFile(path);
  const url = tokenUrl(key.token_uri, path);
  const source: TokenSource = () => {
    const form = key.type === "service_account" ? assertionForm(key, door.now()) : refreshForm(key);
    return ask(door, {
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new TextEncoder().encode(new URLSearchParams(form).toString()),
      isQuery: true,
    });
  };
  return key.type === "service_account" ? { source, identity: key.client_email } : { source };
}

/** Source: Compute Engine docs, "Access tokens from the metadata server". */
export function openMetadata(door: Door, env: AdapterContext["env"]): TokenSource {
  const host = env["GCE_METADATA_HOST"] ?? "metadata.google.internal";
  const path = "/computeMetadata/v1/instance/service-accounts/default/token";
  return () =>
    ask(
      door,
      {
        method: "GET",
        url: new URL(`http://${host}${path}`),
        headers: { "metadata-flavor": "Google" },
      },
      ({ headers }) => headers["metadata-flavor"] === "Google",
    );
}

/** All of what Google Cloud may be asked for; the account's roles are what limits it. */
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const ASSERTION_SECONDS = 3600;

async function readKeyFile(path: string): Promise<CredentialFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Error(`the key file ${path} cannot be read (${codeOf(error)})`, { cause: error });
  });
  const json = parse(bytes);
  const read = CredentialFile.safeParse(json);
  if (read.success) return read.data;
  throw new Error(
    `the key file ${path} holds neither a service account's key nor a user's default credentials; what others need, docker's configuration can give`,
  );
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

function tokenUrl(address: string, path: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.host));
  if (url !== undefined && isSafe) return url;
  throw new Error(`the key file ${path} names a token_uri that is no https: address`);
}

function assertionForm(
  key: Extract<CredentialFile, { readonly type: "service_account" }>,
  now: Date,
): Record<string, string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const header = { alg: "RS256", typ: "JWT", kid: key.private_key_id };
  const claims = {
    iss: key.client_email,
    scope: SCOPE,
    aud: key.token_uri,
    iat: issuedAt,
    exp: issuedAt + ASSERTION_SECONDS,
  };
  const text = [header, claims].map(encode).join(".");
  return {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${text}.${sign(text, key.private_key)}`,
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function sign(text: string, privateKey: string): string {
  try {
    return createSign("RSA-SHA256").update(text).sign(privateKey, "base64url");
  } catch (error) {
    throw new Error("the private key of the key file cannot be used", { cause: error });
  }
}

function refreshForm(
  key: Extract<CredentialFile, { readonly type: "authorized_user" }>,
): Record<string, string> {
  const { client_id, client_secret, refresh_token } = key;
  return { grant_type: "refresh_token", client_id, client_secret, refresh_token };
}

const MAX_ANSWER_BYTES = 64 * 1024;

async function ask(
  { http, now }: Door,
  request: HttpRequest,
  isGenuine: (response: HttpResponse) => boolean = () => true,
): Promise<AccessToken> {
  const startedAt = now().getTime();
  const who = request.url.host;
  try {
    const response = await http.send(request);
    const body = await response.bytes(MAX_ANSWER_BYTES);
    if (response.status !== 200)
      throw new Error(`${who} gives no access token (${response.status}${wordsOf(body)})`);
    const read = TokenAnswer.safeParse(parse(body));
    if (!read.success || !isGenuine(response))
      throw new Error(`${who} answers with something else than an access token`);
    return { token: read.data.access_token, expiresAt: startedAt + read.data.expires_in * 1000 };
  } catch (error) {
    if (error instanceof HttpError)
      throw new Error(`${who} gives no access token (${error.message})`, { cause: error });
    throw error;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // Told as an answer that is no token.
  }
}

/** `error` of RFC 6749: a word out of a list, never what we sent. */
function wordsOf(body: Uint8Array): string {
  const json = parse(body);
  const word =
    typeof json === "object" && json !== null && "error" in json ? json.error : undefined;
  return typeof word === "string" && /^[a-z_]{1,40}$/.test(word) ? ` ${word}` : "";
}
