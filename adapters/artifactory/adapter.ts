import { openDistribution } from "../../src/distribution/open-distribution.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { capabilities } from "./capabilities.ts";
import { createDeletion } from "./deletion.ts";
import { openImages } from "./images.ts";
import { listManifests, listTags } from "./listing.ts";
import { listRepositories } from "./repositories.ts";
import { checkRights } from "./rights.ts";
import { undelete } from "./trash.ts";

export { capabilities };

/** JFrog Artifactory: images through `/v2/`, lists and deletions through its storage API. */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const images = openImages(context);
  const base = await openDistribution(images.context, { capabilities }, images.wire);
  return {
    ...base,
    listTags: (repository, options) => listTags(images, base, repository, options),
    listManifests: (repository, options) => listManifests(images, base, repository, options),
    listRepositories: (namespace, options) => listRepositories(images, namespace, options),
    ...createDeletion(images, base),
    undelete: (repository, deleted, options) =>
      undelete(images, base, { repository, deleted }, options),
    checkRights: (repository, options) => checkRights(images, base, repository, options),
  };
}
