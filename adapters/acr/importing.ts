import { createServerCopy } from "../../src/distribution/server-copy.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { ResourceManager } from "./resource-manager.ts";

/**
 * Copies within one registry by Azure's import. It brings a manifest, its blobs and its children, and sets just the tags it was told.
 *
 * Source: learn.microsoft.com, "Import container images to a container registry"; Azure/acr#289 for imports from the
 * registry itself.
 */
export function createImport(
  context: Pick<AdapterContext, "host" | "warn">,
  base: Pick<Registry, "resolve">,
  manager: ResourceManager,
): Registry["copyFrom"] {
  return createServerCopy(context, base, async ({ target, from, tags, signal }) => {
    await manager.importImage({ from, target: target.name, tags, signal });
    return "done";
  });
}
