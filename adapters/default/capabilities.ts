import type { Capabilities } from "../../src/registry/capabilities.ts";
import { anyName } from "../../src/registry/names.ts";

/** What any registry may be counted on for; the rest is asked of the server. */
export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  names: anyName,
  repositoryCreation: "implicit",
  // `_catalog` is no part of the specification, but most servers have it.
  repositoryListing: true,
  // Part of OCI Distribution 1.1, but optional: docker-registry 2.8 answers 400, others 405 when it is off.
  tagDeletion: "probe",
  manifestDeletion: "distribution",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "names",
  listingPaging: "cursor",
  untaggedListing: false,
  deletionCascade: ["tags"],
  refusesTagged: false,
  lastTagTakesManifest: false,
  untaggedPut: true,
  chunkedUploads: true,
  referrers: "probe",
  // zot does, distribution does not: the order of deletions is right for both.
  refusesIndexChildren: false,
  immutableTags: false,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};
