import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { FakeRequest } from "../message.ts";
import type { AwsUser } from "./users.ts";

/** Why a request is not let in, as the service names it. */
export interface SignatureProblem {
  readonly type: string;
  readonly message: string;
}

export interface SignatureOptions {
  readonly users: readonly AwsUser[];
  readonly region: string;
  readonly service: string;
}

/** How far the date of a request may be from ours. Source: AWS, "Signature Version 4", "Troubleshooting". */
const MAX_SKEW_MS = 5 * 60_000;

/** What the service demands to be signed. */
const SIGNED = ["host", "x-amz-date", "x-amz-target"];

/**
 * Who signed a request. Strict: the scope, the date, the headers, the body and every byte of the signature.
 *
 * Source: AWS General Reference, "Signature Version 4 signing process". The date is held against the machine's clock, which
 * is what the client signs by.
 */
export function signerOf(
  request: FakeRequest,
  { users, region, service }: SignatureOptions,
): AwsUser | SignatureProblem {
  const { headers } = request;
  const match = AUTHORIZATION.exec(headers["authorization"] ?? "");
  const [, keyId, date, scopeRegion, scopeService, signedHeaders = "", signature = ""] =
    match ?? [];
  if (match === null || date === undefined) {
    return { type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
  }
  const user = users.find(({ accessKeyId }) => accessKeyId === keyId);
  if (user === undefined || headers["x-amz-security-token"] !== user.sessionToken) {
    return {
      type: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    };
  }
  if (user.isExpired?.() === true) {
    return {
      type: "ExpiredTokenException",
      message: "The security token included in the request is expired",
    };
  }
  const stamp = headers["x-amz-date"] ?? "";
  const names = signedHeaders.split(";");
  if (scopeRegion !== region || scopeService !== service) {
    return invalid(`Credential should be scoped to a valid region. ${scopeRegion}/${scopeService}`);
  }
  if (!stamp.startsWith(date) || Math.abs(timeOf(stamp) - Date.now()) > MAX_SKEW_MS) {
    return invalid(`Signature expired: ${stamp} is not now`);
  }
  const unsigned = SIGNED.filter((name) => !names.includes(name));
  if (unsigned.length > 0) return invalid(`these headers must be signed: ${unsigned.join(", ")}`);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", stamp, scope, hash(canonical(request, names))].join("\n");
  const keys = [date, region, service, "aws4_request"];
  const key = keys.reduce<Buffer | string>(hmac, `AWS4${user.secretAccessKey}`);
  const expected = hmac(key, text).toString("hex");
  const isRight =
    expected.length === signature.length &&
    timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
  return isRight
    ? user
    : invalid("The request signature we calculated does not match the signature you provided.");
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

function canonical({ method, path, query, headers, body }: FakeRequest, names: string[]): string {
  const sorted = [...query].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted();
  const lines = names.map(
    (name) => `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}`,
  );
  return [method, path, sorted.join("&"), ...lines, "", names.join(";"), hash(body)].join("\n");
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function timeOf(stamp: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function invalid(message: string): SignatureProblem {
  return { type: "InvalidSignatureException", message };
}

function hash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
