import { z } from "zod";

import { HttpError } from "../../http/client.ts";
import type { HttpClient, HttpResponse } from "../../http/client.ts";
import { redactText, secretsOf } from "../../http/redact.ts";
import { LockError } from "../lock.ts";
import { SERVER_HEADER } from "../protocol/wire.ts";

/** One lock server, as its protocol is spoken. Rejects with `LockError` `unavailable` and `refused`. */
export interface LockServer {
  readonly address: string;
  /** Sends a body to a path below the address, and answers with what came back with status 200. */
  post(path: string, body: object, signal: AbortSignal): Promise<unknown>;
  /** Whether it is one of ours, which knows what others do not. */
  isOurs(signal: AbortSignal): Promise<boolean>;
}

export interface LockServerDeps {
  readonly http: () => Promise<Pick<HttpClient, "send">>;
  /** Absent: nobody is named. */
  readonly credentials?: LockServerCredentials | undefined;
}

/** A token, or a user with a password. */
export type LockServerCredentials =
  | { readonly token: string }
  | { readonly user: string; readonly password: string };

/** More than any answer has. Bytes. */
const MAX_ANSWER = 64 * 1024;

/** What is told of what a server says. Characters. */
const MAX_SAID = 200;

export function openLockServer(address: string, { http, credentials }: LockServerDeps): LockServer {
  const { host } = new URL(address);
  const authorization = authorizationOf(credentials);
  const secrets = secretsOf({ headers: authorization });

  return {
    address,
    async post(path, body, signal) {
      const text = new TextEncoder().encode(JSON.stringify(body));
      const answer = await send("POST", path, signal, text);
      const said = new TextDecoder().decode(await read(answer));
      if (answer.status !== 200) throw refusal(answer.status, said);
      return parseJson(said);
    },
    async isOurs(signal) {
      const answer = await send("GET", "/health", signal);
      await read(answer);
      return answer.status === 200 && answer.headers[SERVER_HEADER] !== undefined;
    },
  };

  async function send(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal,
    body?: Uint8Array,
  ): Promise<HttpResponse> {
    try {
      const door = await http();
      return await door.send({
        method,
        url: new URL(`${address}${path}`),
        headers: {
          accept: "application/json",
          ...authorization,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body }),
        signal,
        // A registry on the same host must not keep a lease from being renewed in time.
        budget: `locks ${host}`,
      });
    } catch (error) {
      throw translated(error);
    }
  }

  async function read(answer: HttpResponse): Promise<Uint8Array> {
    try {
      return await answer.bytes(MAX_ANSWER);
    } catch (error) {
      throw translated(error);
    }
  }

  function translated(error: unknown): unknown {
    if (!(error instanceof HttpError)) return error;
    return new LockError("unavailable", `lock server ${address}: ${error.message}`, {
      cause: error,
    });
  }

  function refusal(status: number, said: string): LockError {
    const line = firstLine(said);
    const isPage = line.startsWith("<");
    const isSecret = secrets.some((secret) => said.includes(secret));
    const words = line === "" || isPage || isSecret ? "" : `: ${line}`;
    const message = `lock server ${address} answers with ${status}${words}${hintOf(status, credentials)}`;
    return new LockError(isTemporary(status) ? "unavailable" : "refused", message);
  }

  function parseJson(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new LockError(
        "refused",
        `lock server ${address} answers with something else than JSON; is it a lock server?`,
        { cause: error },
      );
    }
  }
}

/** Reads an answer; throws `LockError` for one that is none of the protocol's. */
export function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  { address }: Pick<LockServer, "address">,
): z.infer<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new LockError(
    "refused",
    `lock server ${address} answers with something that is none of its protocol; is it a lock server?`,
  );
}

/** An `err` of an answer that the protocol does not name: the server failed in its own way. */
export function failureOf(err: string, { address }: Pick<LockServer, "address">): LockError {
  return new LockError("unavailable", `lock server ${address} failed: ${firstLine(err)}`);
}

function firstLine(text: string): string {
  return redactText(text.trim().split("\n")[0] ?? "", MAX_SAID);
}

function isTemporary(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function authorizationOf(credentials: LockServerCredentials | undefined): Record<string, string> {
  if (credentials === undefined) return {};
  if ("token" in credentials) return { authorization: `Bearer ${credentials.token}` };
  const { user, password } = credentials;
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

function hintOf(status: number, credentials: LockServerCredentials | undefined): string {
  if (status === 404) return "; is it the address of a lock server?";
  if (status !== 401 && status !== 403) return "";
  if (credentials === undefined) {
    return "; if it wants a token, set TIDEMARK_SYNCHRONIZATION_TOKEN";
  }
  return "token" in credentials
    ? "; it does not take the token of TIDEMARK_SYNCHRONIZATION_TOKEN"
    : "; it does not take the user name and password in its address";
}
