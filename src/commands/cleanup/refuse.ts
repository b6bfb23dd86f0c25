import type { Violation } from "../../engine/cleanup/guards.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { GuardError } from "../error.ts";

/** Throws for the first open violation. */
export function refuseViolations([first, ...more]: readonly Violation[]): void {
  if (first === undefined) return;
  const also = more.length === 0 ? "" : ` (also: ${more.map(({ guard }) => guard).join(", ")})`;
  throw new GuardError(first.guard, `${withWay(first)}${also}`);
}

/** Throws for the first open violation of several repositories, and names its repository. */
export function refuseAny(
  planned: readonly {
    readonly repository: Repository;
    readonly result: { readonly violations: readonly Violation[] };
  }[],
): void {
  for (const { repository, result } of planned) {
    const [first] = result.violations;
    if (first === undefined) continue;
    throw new GuardError(
      first.guard,
      `${formatRepository(repository)}: ${withWay(first)}; no repository was changed`,
    );
  }
}

function withWay({ guard, message }: Violation): string {
  return guard === "max-delete" ? message : `${message}; --allow ${guard} lets this run through`;
}
