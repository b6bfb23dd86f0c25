import { resolve } from "node:path";

import { UsageError } from "../commands/error.ts";
import type { MigrationSide } from "../commands/migrate/request.ts";
import { isNamespaceAddress, parseNamespace, parseRepository } from "../oci/reference.ts";

/** The addresses between which something is copied. */
export interface SidesFlags {
  readonly from?: string;
  readonly to?: string;
}

/** Both sides. Throws `UsageError` or `AddressError`. */
export function sidesOf({ from, to }: SidesFlags): {
  readonly from: MigrationSide;
  readonly to: MigrationSide;
} {
  return {
    from: sideOf("--from", from, "where the images are"),
    to: sideOf("--to", to, "where they go"),
  };
}

/** Throws `UsageError` or `AddressError`. */
function sideOf(option: string, address: string | undefined, what: string): MigrationSide {
  if (address === undefined || address === "") {
    throw new UsageError(
      `${option} is missing: ${what}; host/name, host/team/ for every repository below it, oci:DIR, archive:FILE or :local`,
    );
  }
  const inProject = (path: string): string => resolve(path);
  return isNamespaceAddress(address)
    ? { kind: "below", namespace: parseNamespace(address, inProject) }
    : { kind: "repository", repository: parseRepository(address, inProject) };
}
