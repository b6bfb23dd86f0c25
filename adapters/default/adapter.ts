import { openDistribution } from "../../src/distribution/open-distribution.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { capabilities } from "./capabilities.ts";

export { capabilities };

/** Any registry that speaks OCI Distribution, without an API of its own. */
export function openRegistry(context: AdapterContext): Promise<Registry> {
  return openDistribution(context, { capabilities });
}
