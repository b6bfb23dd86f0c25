import { openDistribution } from "../../src/distribution/open-distribution.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { capabilities } from "./capabilities.ts";
import { cannotDeleteManifests, createTagDeletion } from "./deletion.ts";
import { openImages } from "./images.ts";
import { listTags } from "./listing.ts";
import { createPutManifest } from "./push.ts";
import { listRepositories } from "./repositories.ts";
import { checkRights } from "./rights.ts";

export { capabilities };

/** Sonatype Nexus Repository 3: images through `/v2/`, tags removed as components through its REST API. */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const images = openImages(context);
  const base = await openDistribution(images.context, { capabilities }, images.wire);
  return {
    ...base,
    listTags: (repository, options) => listTags(images, base, repository, options),
    listRepositories: (namespace, options) => listRepositories(images, namespace, options),
    putManifest: createPutManifest(base),
    deleteTags: createTagDeletion(images, base),
    deleteManifests: (repository, _, options) => cannotDeleteManifests(repository, options),
    checkRights: (repository, options) => checkRights(images, base, repository, options),
  };
}
