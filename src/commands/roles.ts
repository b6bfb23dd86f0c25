import { isSameRepository } from "../oci/image-address.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { UsageError } from "./error.ts";

/**
 * Refuses two roles that are the same repository: what is right for one of them may be wrong for the other. Hosts and short
 * names are spelled out by then; a port that a scheme implies makes no difference.
 */
export function refuseSameRepository(
  named: readonly (readonly [option: string, repository: Repository])[],
): void {
  for (const [at, [option, repository]] of named.entries()) {
    const other = named.slice(0, at).find(([, one]) => isSameRepository(one, repository));
    if (other === undefined) continue;
    throw new UsageError(
      `${other[0]} and ${option} both name ${formatRepository(repository)}; each role needs a repository of its own`,
    );
  }
}
