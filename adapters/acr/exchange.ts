import {
  protocolError,
  refusalError,
  transportFailure,
} from "../../src/distribution/error-response.ts";
import type { Purpose } from "../../src/distribution/error-response.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import { HttpError } from "../../src/http/client.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import { exchangeSchema } from "./schema.ts";

export interface ExchangeOptions {
  readonly host: string;
  readonly send: Origin["send"];
  /** Of the registry. Absent: the registry knows its own. */
  readonly tenant: string | undefined;
  readonly now: () => Date;
}

/** A refresh token lives for three hours. Source: Azure/acr, AAD-OAuth.md. */
const LIFE_MS = 3 * 3_600_000;
/** It is renewed when this part of its life is over. */
const RENEW_AT = 0.8;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Makes an Entra token into the registry's refresh token. Rejects with `RegistryError`. */
export async function exchange(
  entraToken: string,
  { host, send, tenant, now }: ExchangeOptions,
): Promise<Credentials> {
  const form = new URLSearchParams({
    grant_type: "access_token",
    service: host,
    ...(tenant === undefined ? {} : { tenant }),
    access_token: entraToken,
  });
  const purpose: Purpose = {
    host,
    verb: "exchange an Entra token at",
    reference: host,
    scrub: (text) => text.replaceAll(entraToken, "***"),
  };
  try {
    const response = await send("/oauth2/exchange", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new TextEncoder().encode(form.toString()),
      isQuery: true,
    });
    const body = await response.bytes(MAX_ANSWER_BYTES);
    if (response.status !== 200) throw refusalError(purpose, { status: response.status, body });
    const token = readToken(body);
    if (token === undefined) throw protocolError(purpose, "the answer has no refresh token");
    return { kind: "identity-token", token, renewAt: now().getTime() + LIFE_MS * RENEW_AT };
  } catch (error) {
    throw error instanceof HttpError ? transportFailure(purpose, error) : error;
  }
}

function readToken(body: Uint8Array): string | undefined {
  try {
    return exchangeSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data?.refresh_token;
  } catch {
    return undefined; // No JSON: the caller says what is missing.
  }
}
