import { HttpError } from "../../src/http/client.ts";
import { redactText } from "../../src/http/redact.ts";
import {
  errorCodeFor,
  refusalError,
  transportFailure,
} from "../../src/distribution/error-response.ts";
import type { Purpose } from "../../src/distribution/error-response.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import { UnreadableAnswer } from "./request-handler.ts";

/** Source: Amazon ECR API reference, "Common errors" and the errors of each action. */
const BY_EXCEPTION: ReadonlyMap<string, RegistryErrorCode> = new Map([
  ["AccessDenied", "denied"],
  ["AccessDeniedException", "denied"],
  ["OptInRequired", "denied"],
  ["NotAuthorized", "denied"],
  ["KmsException", "denied"],
  ["ExpiredToken", "unauthorized"],
  ["ExpiredTokenException", "unauthorized"],
  ["IncompleteSignature", "unauthorized"],
  ["InvalidClientTokenId", "unauthorized"],
  ["InvalidSignatureException", "unauthorized"],
  ["MissingAuthenticationToken", "unauthorized"],
  ["MissingAuthenticationTokenException", "unauthorized"],
  ["RequestExpired", "unauthorized"],
  ["SignatureDoesNotMatch", "unauthorized"],
  ["UnrecognizedClientException", "unauthorized"],
  ["ImageNotFoundException", "not-found"],
  ["RegistryNotFoundException", "not-found"],
  ["RepositoryNotFoundException", "not-found"],
  ["ImageAlreadyExistsException", "conflict"],
  ["ImageDigestDoesNotMatchException", "conflict"],
  ["ImageTagAlreadyExistsException", "conflict"],
  ["LayersNotFoundException", "conflict"],
  ["LimitExceededException", "conflict"],
  ["ReferencedImagesNotFoundException", "conflict"],
  ["RepositoryAlreadyExistsException", "conflict"],
  ["InvalidParameterException", "invalid"],
  ["SerializationException", "invalid"],
  ["ValidationError", "invalid"],
  ["ValidationException", "invalid"],
  ["RequestLimitExceeded", "rate-limited"],
  ["Throttling", "rate-limited"],
  ["ThrottlingException", "rate-limited"],
  ["ThrottledException", "rate-limited"],
  ["TooManyRequestsException", "rate-limited"],
  ["InternalFailure", "unavailable"],
  ["InternalServerError", "unavailable"],
  ["ServerException", "unavailable"],
  ["ServiceUnavailable", "unavailable"],
  ["ServiceUnavailableException", "unavailable"],
  ["UnknownOperationException", "unsupported"],
  ["UnsupportedCommandException", "unsupported"],
]);

/** The error of a call of the SDK that failed. What is none of the network's or the service's stays as it is. */
export function callError(purpose: Purpose, error: unknown): unknown {
  if (error instanceof RegistryError) return error;
  if (error instanceof HttpError) return transportFailure(purpose, error);
  if (error instanceof UnreadableAnswer) return pageError(purpose, error);
  if (!(error instanceof Error)) return error;
  if (CREDENTIAL_ERRORS.has(error.name)) return registryError(purpose, "unauthorized", { error });
  const status = statusOf(error);
  if (status === undefined) return error;
  const code = BY_EXCEPTION.get(error.name) ?? codeOfUnknown(status);
  return registryError(purpose, code, { error, status });
}

/** The service says by name what is absent, and never by a status. */
function codeOfUnknown(status: number): RegistryErrorCode {
  const code = errorCodeFor(status, undefined);
  return code === "not-found" ? "protocol" : code;
}

const CREDENTIAL_ERRORS: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
]);

/** A page with a status of success answers nothing, and none but the service's own words make something absent. */
function pageError(purpose: Purpose, { status, body }: UnreadableAnswer): RegistryError {
  const refusal = refusalError(purpose, { status, body });
  if (status >= 300 && refusal.code !== "not-found") return refusal;
  return new RegistryError("protocol", sentence(purpose, "protocol", `${status}, and no JSON`), {
    status,
  });
}

function registryError(
  purpose: Purpose,
  code: RegistryErrorCode,
  { error, status }: { readonly error: Error; readonly status?: number },
): RegistryError {
  const words = [status, `${error.name}:`, error.message].filter((word) => word !== undefined);
  const hint = HINTS.get(code);
  return new RegistryError(code, sentence(purpose, code, words.join(" ")), {
    ...(status === undefined ? {} : { status }),
    registryCode: error.name,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** `host: cannot verb reference: code (why)`. */
export function sentence(purpose: Purpose, code: RegistryErrorCode, why: string): string {
  const { host, verb, reference } = purpose;
  return `${host}: cannot ${verb} ${reference}: ${code} (${redactText(purpose.scrub(why))})`;
}

const HINTS: ReadonlyMap<RegistryErrorCode, string> = new Map([
  [
    "unauthorized",
    "Give AWS credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role or a web identity.",
  ],
  [
    "denied",
    "The policy of these AWS credentials, or of the repository, lacks the action that the message names.",
  ],
]);

/** HTTP status of an answer that the SDK made an error of. */
export function statusOf(error: Error): number | undefined {
  if (!("$metadata" in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  if (!("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}
