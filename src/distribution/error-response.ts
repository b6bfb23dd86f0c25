import { HttpError } from "../http/client.ts";
import { redactText } from "../http/redact.ts";
import { RegistryError } from "../registry/error.ts";
import type { RegistryErrorCode } from "../registry/error.ts";

/** An answer that is no success, with as much of its body as was read. */
export interface Refusal {
  readonly status: number;
  readonly body: Uint8Array;
}

/** What a request was for: `cannot ${verb} ${reference}` must read as a sentence. */
export interface Purpose {
  readonly host: string;
  /** `delete`, `list tags of`, `read`. */
  readonly verb: string;
  /** `host/name:tag`, `host/name@digest` or `host/name`. */
  readonly reference: string;
  /** Takes our secrets out of a text: a server may echo what we sent. */
  readonly scrub: (text: string) => string;
}

/** The error a refused request rejects with. The registry's own code wins over the status. */
export function refusalError(purpose: Purpose, refusal: Refusal): RegistryError {
  const { status, body } = refusal;
  const errors = readErrors(body);
  const registryCode = errors.map(({ code }) => code).find((code) => code !== undefined);
  const code = errorCodeFor(status, registryCode);
  const said = redactText(purpose.scrub(wordsOf(errors, body)));
  const hint = hintFor(code, status, purpose);
  return new RegistryError(
    code,
    describe(purpose, code, said === "" ? `${status}` : `${status} ${said}`),
    {
      status,
      ...(registryCode === undefined ? {} : { registryCode }),
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

/** The error of a request without an answer. */
export function transportFailure(purpose: Purpose, error: HttpError): RegistryError {
  const code = error.code === "BODY_TOO_LONG" ? "protocol" : "unavailable";
  const hint = UNKNOWN_AUTHORITY.has(error.code ?? "") ? AUTHORITY_HINT : undefined;
  return new RegistryError(code, describe(purpose, code, purpose.scrub(error.message)), {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A certificate that no trusted authority signed. Source: Node.js, "X509 certificate error codes". */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const AUTHORITY_HINT =
  "No authority that is trusted here signed its certificate; name the one that did with --registry-ca-file.";

/** The error of an answer that makes no sense. */
export function protocolError(
  purpose: Purpose,
  why: string,
  details: { readonly cause?: unknown } = {},
): RegistryError {
  return new RegistryError("protocol", describe(purpose, "protocol", purpose.scrub(why)), details);
}

/** The error when credentials are asked for and cannot be read; their source says why, in one line. */
export function unreadableCredentials(purpose: Purpose, error: unknown): RegistryError {
  const why = error instanceof Error ? error.message : "the credentials cannot be read";
  return new RegistryError(
    "unauthorized",
    describe(purpose, "unauthorized", redactText(purpose.scrub(why))),
    {
      cause: error,
    },
  );
}

/** Source: OCI distribution-spec, error codes; codes of servers that came before it. */
export function errorCodeFor(status: number, registryCode: string | undefined): RegistryErrorCode {
  const known = registryCode === undefined ? undefined : BY_REGISTRY_CODE.get(registryCode);
  // A server that failed, or that did not let us in, has not looked: nothing is absent by its word.
  if (known === "not-found" && !LOOKED.has(status)) return BY_STATUS.get(status) ?? "unavailable";
  return known ?? BY_STATUS.get(status) ?? (status >= 500 ? "unavailable" : "protocol");
}

/** The `code` of each entry of `{"errors":[…]}`; empty when the body is not in the registry's format. */
export function registryCodes(body: Uint8Array): readonly string[] {
  return readErrors(body).flatMap(({ code }) => (code === undefined ? [] : [code]));
}

function describe(
  { host, verb, reference }: Purpose,
  code: RegistryErrorCode,
  why: string,
): string {
  return `${host}: cannot ${verb} ${reference}: ${code} (${why})`;
}

const BY_REGISTRY_CODE: ReadonlyMap<string, RegistryErrorCode> = new Map([
  ["BLOB_UNKNOWN", "not-found"],
  ["BLOB_UPLOAD_INVALID", "invalid"],
  ["BLOB_UPLOAD_UNKNOWN", "not-found"],
  ["DENIED", "denied"],
  ["DIGEST_INVALID", "invalid"],
  ["MANIFEST_BLOB_UNKNOWN", "invalid"],
  ["MANIFEST_INVALID", "invalid"],
  ["MANIFEST_UNKNOWN", "not-found"],
  ["MANIFEST_UNVERIFIED", "invalid"],
  ["NAME_INVALID", "invalid"],
  ["NAME_UNKNOWN", "not-found"],
  ["SIZE_INVALID", "invalid"],
  ["TAG_INVALID", "invalid"],
  ["TOOMANYREQUESTS", "rate-limited"],
  ["UNAUTHORIZED", "unauthorized"],
  ["UNAVAILABLE", "unavailable"],
  ["UNSUPPORTED", "unsupported"],
]);

/** Statuses of a server that looked for what was asked. */
const LOOKED: ReadonlySet<number> = new Set([400, 404, 410]);

const BY_STATUS: ReadonlyMap<number, RegistryErrorCode> = new Map([
  [400, "invalid"],
  [401, "unauthorized"],
  [403, "denied"],
  [404, "not-found"],
  [405, "unsupported"],
  [408, "unavailable"],
  [409, "conflict"],
  [410, "not-found"],
  [412, "conflict"],
  [413, "invalid"],
  [415, "invalid"],
  [416, "invalid"],
  [422, "invalid"],
  [423, "conflict"],
  [425, "unavailable"],
  [429, "rate-limited"],
  [501, "unsupported"],
]);

function hintFor(code: RegistryErrorCode, status: number, purpose: Purpose): string | undefined {
  if (code === "unauthorized") {
    return `Log in with \`tidemark cr login ${purpose.host}\`, or check the user and password that were given.`;
  }
  if (code === "denied" && status === 401) {
    return `Log in with \`tidemark cr login ${purpose.host}\`, or use credentials that have this right.`;
  }
  if (code === "denied") return "The credentials lack this right; ask for it, or use others.";
  if (code === "unsupported" && status === 405 && purpose.verb.startsWith("delete")) {
    return "Deletion is switched off on this registry; whoever runs it can switch it on.";
  }
  return undefined;
}

interface RegistryWords {
  readonly code: string | undefined;
  readonly message: string | undefined;
}

function readErrors(body: Uint8Array): readonly RegistryWords[] {
  const json = parseJson(body);
  if (!isObject(json) || !Array.isArray(json["errors"])) return [];
  return json["errors"].filter(isObject).map(({ code, message }) => ({
    code: typeof code === "string" && code !== "" ? code : undefined,
    message: typeof message === "string" && message !== "" ? message : undefined,
  }));
}

/** More than this adds length, not news. */
const MAX_ERRORS_SHOWN = 3;

/** `CODE: message; …`, else the text of whatever page a proxy answered with. */
function wordsOf(errors: readonly RegistryWords[], body: Uint8Array): string {
  if (errors.length > 0) {
    const words = errors.map(({ code, message }) => [code, message].filter(Boolean).join(": "));
    return [...new Set(words)].slice(0, MAX_ERRORS_SHOWN).join("; ");
  }
  const json = parseJson(body);
  for (const name of ["message", "details", "error_description", "error"]) {
    const words = isObject(json) ? json[name] : undefined;
    if (typeof words === "string" && words !== "") return words;
  }
  return textOf(new TextDecoder().decode(body));
}

/** A page's title, else its text without tags. */
function textOf(page: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(page)?.[1];
  return title ?? page.replaceAll(/<(style|script)\b[\s\S]*?<\/\1\s*>|<[^>]*>/gi, " ");
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // Not the registry's format: the words are taken as they are.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
