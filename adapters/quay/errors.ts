import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { ProblemSchema } from "./schema.ts";

/** What the API's codes mean. Source: quay/quay `endpoints/exception.py`. */
export function classify({ call, status, json }: NativeRefusal): Classified | undefined {
  const registryCode = ProblemSchema.safeParse(json).data?.error_type;
  switch (registryCode) {
    case "invalid_token":
    case "expired_token":
    case "fresh_login_required":
      return {
        code: "unauthorized",
        registryCode,
        hint: "Check quay-token: it has to be an OAuth token of an application that still exists.",
      };
    case "insufficient_scope":
      return {
        code: "denied",
        registryCode,
        hint: `The token lacks the ${scopeFor(call.method)}.`,
      };
    case "not_found":
      return { code: "not-found", registryCode };
    case "exceeds_license":
      return { code: "denied", registryCode };
    default:
      // A repository that is mirrored or read-only. Source: `disallow_for_non_normal_repositories`.
      if (status === 503 && call.method !== "GET" && isRule(json)) {
        return { code: "conflict", hint: "The repository is a mirror, or read-only." };
      }
      return status === 401 ? { code: "unauthorized", hint: "Check quay-token." } : undefined;
  }
}

export function scopeFor(method: string): string {
  return method === "GET"
    ? "scope repo:read (View all visible repositories)"
    : "scope repo:write (Read/Write to any accessible repositories)";
}

/** Its own words; what stands in front of a server that is down answers 503 with others. */
function isRule(json: unknown): boolean {
  if (typeof json !== "object" || json === null || !("message" in json)) return false;
  return /read.?only|mirror/i.test(String(json.message));
}

/**
 * A deletion's refusal on `/v2/` as Quay means it.
 *
 * Source: quay/quay `endpoints/v2/errors.py`, `endpoints/v2/manifest.py`.
 */
export function explainRefusal(error: RegistryError): RegistryError {
  const { code, status, registryCode } = error;
  if (registryCode === "TAG_IMMUTABLE") {
    return again(
      error,
      "conflict",
      "The tag is immutable; whoever administers the repository can change that.",
    );
  }
  if (status === 405 && registryCode === "DENIED") {
    return again(
      error,
      "conflict",
      "The registry is read-only at this time, or the namespace is disabled.",
    );
  }
  if (registryCode === "MANIFEST_UNKNOWN" && code === "denied") {
    return again(
      error,
      "conflict",
      "It has no tag of its own: an index names it, or it was pushed within the hour. It goes by itself.",
    );
  }
  if (code === "unauthorized") {
    return again(error, code, "Deleting needs the Write permission on the repository.");
  }
  return error;
}

function again(error: RegistryError, code: RegistryError["code"], hint: string): RegistryError {
  const { status, registryCode, message, cause } = error;
  return new RegistryError(code, message.replace(`: ${error.code} (`, `: ${code} (`), {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
    hint,
    cause,
  });
}
