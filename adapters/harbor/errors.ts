import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";
import { registryCodes } from "../../src/distribution/error-response.ts";

/**
 * What Harbor's codes mean, and what a reader can do.
 *
 * Source: goharbor/harbor `src/lib/errors/const.go` and `src/lib/http/error.go`.
 */
export function classify({ call, status, text }: NativeRefusal): Classified | undefined {
  const [registryCode] = registryCodes(new TextEncoder().encode(text));
  switch (registryCode) {
    case "FORBIDDEN":
      return { code: "denied", registryCode, hint: rightHint(call.method, String(call.target)) };
    case "PRECONDITION":
      return {
        code: "conflict",
        registryCode,
        hint: "A tag immutability rule of the project, or a signature, protects it; a project admin can change the rule.",
      };
    case "VIOLATE_FOREIGN_KEY_CONSTRAINT":
      return {
        code: "conflict",
        registryCode,
        hint: "An index still names it; it can go when the index is gone.",
      };
    case "DENIED":
      // Of a copy: the quota of the project is used up, or an accessory is to go without what it belongs to.
      return call.method === "POST" ? { code: "conflict", registryCode } : undefined;
    case "PROJECTPOLICYVIOLATION":
      return { code: "conflict", registryCode, hint: "A policy of the project forbids it." };
    case "METHOD_NOT_ALLOWED":
      return { code: "unsupported", registryCode, hint: "A proxy cache project does not take it." };
    default:
      // 412 without a code comes from a proxy that rewrote the body: the rule is the same.
      return status === 412 ? { code: "conflict" } : undefined;
  }
}

/** As the page for robot accounts names it, and the least role that has it. */
export function rightFor(method: string, target: string): string {
  const isTag = /\/artifacts\/[^/]+\/tags\//.test(target);
  if (method === "DELETE") {
    return isTag
      ? "permission Tag: Delete (project role Maintainer)"
      : "permission Artifact: Delete (project role Maintainer)";
  }
  if (method === "POST") return "permission Artifact: Create (project role Developer)";
  if (target.includes("/artifacts"))
    return "permission Artifact: List and Read (project role Guest)";
  return "permission Repository: List (project role Guest)";
}

function rightHint(method: string, target: string): string {
  return `The credentials lack the ${rightFor(method, target)}.`;
}
