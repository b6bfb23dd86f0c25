import type { Capabilities } from "../../src/registry/capabilities.ts";
import { anyName } from "../../src/registry/names.ts";

/** Sources: docs.docker.com (Hub API reference, immutable tags); what is marked so was seen by others. */
export const capabilities: Capabilities = {
  // `namespace/repository`, and nothing deeper.
  nestedRepositories: false,
  repositoryComponents: 2,
  // Unconfirmed. Source: Docker documentation, "Create a repository".
  names: {
    ...anyName,
    pattern: anyName.pattern.replace("^", "^(?=[^/]+/[^/]{2,255}$)"),
    maxLength: 255 + "/".length + 255,
    about: "a namespace and 2 to 255 characters of the specification's",
  },
  repositoryCreation: "implicit",
  // Below a namespace; there is no list of all namespaces.
  repositoryListing: true,
  // OCI DELETE by tag is answered with 405; the Hub API removes a tag and leaves its manifest.
  tagDeletion: "native",
  // The tags by the Hub API, then OCI DELETE by digest.
  manifestDeletion: "native",
  // The batch calls were removed in December 2023.
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "digests-and-times",
  listingPaging: "offset",
  // `…/manifests` of the Hub API is undocumented: docker/roadmap#795.
  untaggedListing: false,
  // A manifest goes only when nothing names it, so nothing goes along.
  deletionCascade: [],
  refusesTagged: true,
  lastTagTakesManifest: false,
  untaggedPut: true,
  chunkedUploads: true,
  // Reported since the autumn of 2025, and doubted since: docker/roadmap#724.
  referrers: "probe",
  refusesIndexChildren: true,
  // By rules of the repository, a beta.
  immutableTags: true,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};
