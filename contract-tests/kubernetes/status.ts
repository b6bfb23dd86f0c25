import { answer, answerJson } from "../fakes/message.ts";
import type { FakeResponse } from "../fakes/message.ts";
import type { KubeResource } from "./object.ts";

/** Why an API server refuses, in its own words. Source: apimachinery, metav1.StatusReason. */
export type StatusReason =
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "BadRequest"
  | "Invalid"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "UnsupportedMediaType"
  | "Expired"
  | "TooManyRequests"
  | "InternalError"
  | "ServiceUnavailable";

const CODES: Readonly<Record<StatusReason, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  BadRequest: 400,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  UnsupportedMediaType: 415,
  Expired: 410,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** A refusal as every API server words it. */
export function refuse(
  reason: StatusReason,
  message: string,
  headers: FakeResponse["headers"] = {},
): FakeResponse {
  const code = CODES[reason];
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" };
  return answerJson(code, { ...status, message, reason, code }, headers);
}

/** A path that belongs to no API: plain text, no Status. */
export function unknownPath(): FakeResponse {
  const body = new TextEncoder().encode("404 page not found\n");
  return answer(404, { "content-type": "text/plain; charset=utf-8" }, body);
}

/** `deployments.apps`, `pods`. */
export function qualified({ group, resource }: Pick<KubeResource, "group" | "resource">): string {
  return group === "" ? resource : `${resource}.${group}`;
}
