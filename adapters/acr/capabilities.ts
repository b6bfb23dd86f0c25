import type { Capabilities } from "../../src/registry/capabilities.ts";
import { anyName } from "../../src/registry/names.ts";

/** Source: learn.microsoft.com/azure/container-registry; the data plane of Azure/azure-rest-api-specs. */
export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  names: anyName,
  repositoryCreation: "implicit",
  repositoryListing: true,
  // `DELETE /acr/v1/<name>/_tags/<tag>`: the manifest and its other tags stay.
  tagDeletion: "native",
  manifestDeletion: "distribution",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "digests-and-times",
  // `last` is the last tag of the page before, in the order of names.
  listingPaging: "cursor",
  // `GET /acr/v1/<name>/_manifests`.
  untaggedListing: true,
  // Referrers go with their subject, whether they have tags or not.
  deletionCascade: ["tags", "referrers"],
  refusesTagged: false,
  lastTagTakesManifest: false,
  untaggedPut: true,
  // And has to, above some 20 MB. Source: goharbor/harbor#23015.
  chunkedUploads: true,
  // Registries with keys of the customer's lack the endpoint.
  referrers: "probe",
  // Not documented as refused: the order of deletions keeps indexes before their children.
  refusesIndexChildren: false,
  // Locks on tags, manifests and repositories.
  immutableTags: true,
  // Soft delete is a preview, and its restore is no call of the data plane's published part.
  undelete: "none",
  // Where `acr-resource-id` is given: imports are the resource manager's, and want an identity and a right of their own.
  serverCopy: false,
  garbageCollection: "server",
};
