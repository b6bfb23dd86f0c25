import type { Purpose } from "../../src/distribution/error-response.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import { sentence } from "./errors.ts";
import type { Failure } from "./operations.ts";

/** Source: Amazon ECR API reference, `ImageFailure`. */
const BY_FAILURE: ReadonlyMap<string, RegistryErrorCode> = new Map([
  ["ImageInaccessible", "conflict"],
  ["ImageNotFound", "not-found"],
  ["ImageReferencedByManifestList", "conflict"],
  ["ImageTagDoesNotMatchDigest", "conflict"],
  ["InvalidImageDigest", "invalid"],
  ["InvalidImageTag", "invalid"],
  ["KmsError", "denied"],
  ["MissingDigestAndTag", "invalid"],
  ["UpstreamAccessDenied", "denied"],
  ["UpstreamTooManyRequests", "rate-limited"],
  ["UpstreamUnavailable", "unavailable"],
]);

export const REFERENCED = "ImageReferencedByManifestList";

/** The error of one item of a batch. */
export function failureError(purpose: Purpose, failure: Failure): RegistryError {
  const { failureCode = "", failureReason = "no reason given" } = failure;
  const code = BY_FAILURE.get(failureCode) ?? "protocol";
  const hint = HINTS.get(failureCode);
  const words = `${failureCode}: ${failureReason}`;
  return new RegistryError(code, sentence(purpose, code, words), {
    registryCode: failureCode,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The error of an item that a batch's answer does not mention. */
export function unsettled(purpose: Purpose): RegistryError {
  return new RegistryError(
    "protocol",
    sentence(purpose, "protocol", "the answer does not mention it"),
  );
}

/** What the API does not find and `/v2/` does. */
export function hidden(purpose: Purpose): RegistryError {
  return new RegistryError(
    "denied",
    sentence(purpose, "denied", "it is still there, though the API does not find it"),
    { hint: "The API may be another registry's: see to the account, the region and ecr-api-url." },
  );
}

/** A tag that nobody counted on keeps the image. */
export function keptByTags(purpose: Purpose, tags: readonly string[]): RegistryError {
  const shown = tags.slice(0, MAX_TAGS_SHOWN).join(", ");
  return new RegistryError(
    "conflict",
    sentence(purpose, "conflict", `it has a tag that came since: ${shown}`),
    { hint: "The next run decides about it anew." },
  );
}

const MAX_TAGS_SHOWN = 3;

const HINTS: ReadonlyMap<string, string> = new Map([
  [REFERENCED, "An index still names this image; it can go once the index is gone."],
  ["KmsError", "The key that encrypts the repository cannot be used with these credentials."],
  ["ImageInaccessible", "An archived image has to be restored first."],
]);
