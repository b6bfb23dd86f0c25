import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";

/** Source: observed with users of single privileges on 3.96: a component's deletion takes all three. */
export function privileges(repository: string, actions: readonly string[]): string {
  return actions.map((action) => `nx-repository-view-docker-${repository}-${action}`).join(", ");
}

/** Bodies are Siesta faults without a usable code, lists of validation errors, or pages: the status tells. */
export function classify({ call, status }: NativeRefusal): Classified | undefined {
  if (status === 403 && call.method === "DELETE") {
    return {
      code: "denied",
      hint: "Removing a tag takes the privileges browse, read and delete on the repository (nx-repository-view-docker-<repository>-…).",
    };
  }
  if (status === 403) {
    return {
      code: "denied",
      hint: "The list takes the privileges browse and read on the repository (nx-repository-view-docker-<repository>-…).",
    };
  }
  return undefined;
}
