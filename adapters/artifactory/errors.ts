import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";

/** Rights, as permission targets call them. Source: "Permissions": Read, Annotate, Deploy/Cache, Delete/Overwrite, Manage. */
export const RIGHTS = {
  list: "Read",
  read: "Read",
  push: "Deploy/Cache",
  delete: "Delete/Overwrite",
  restore: "Manage, or an administrator",
} as const;

/** Bodies are `{"errors":[{"status","message"}]}`, without a code: the status tells. */
export function classify({ call, status }: NativeRefusal): Classified | undefined {
  const target = String(call.target);
  if (status === 403 && call.method === "DELETE") {
    return {
      code: "denied",
      hint: `The user lacks the permission ${RIGHTS.delete} on this path.`,
    };
  }
  if (status === 403 && target.includes("/api/trash/")) {
    return { code: "denied", hint: `Restoring takes the permission ${RIGHTS.restore}.` };
  }
  if (status === 405 && call.method === "DELETE") return { code: "unsupported", hint: NOT_LOCAL };
  return undefined;
}

export const NOT_LOCAL =
  "Tags are removed from local repositories only; give the address of the local one behind this repository.";
