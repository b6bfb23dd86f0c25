import type { Capabilities } from "../../src/registry/capabilities.ts";
import { anyName } from "../../src/registry/names.ts";

export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  names: anyName,
  repositoryCreation: "implicit",
  repositoryListing: true,
  // `DELETE /service/rest/v1/components/{id}` removes one tag and nothing else; observed on 3.71 and 3.96.
  tagDeletion: "native",
  // Nexus has no safe way: by digest, `/v2/` takes every tag along or leaves them dangling, by version
  // (nexus-public#925). What has no tag any more goes with the task "Docker - Delete unused manifests and images", which has
  // to run anyway to free any space.
  manifestDeletion: "none",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  // Names by `/v2/`, which is always up to date; the search adds the rest, and what it does not know yet is resolved.
  listing: "digests-and-times",
  listingPaging: "cursor",
  // They are assets without a component, to be found among all the files of a whole repository only.
  untaggedListing: false,
  deletionCascade: [],
  refusesTagged: false,
  // The manifest stays by digest until the task removes it.
  lastTagTakesManifest: false,
  untaggedPut: true,
  chunkedUploads: true,
  // Not documented; the server tells.
  referrers: "probe",
  refusesIndexChildren: false,
  // The deployment policy "Disable redeploy".
  immutableTags: true,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};
