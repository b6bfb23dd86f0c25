import type { Capabilities } from "../../src/registry/capabilities.ts";
import { namesOf } from "../../src/registry/names.ts";

export const capabilities: Capabilities = {
  // Up to two levels below the path of a project; see README.md.
  nestedRepositories: true,
  repositoryComponents: 0,
  // They begin with the path of a project. How deep that is, and so what is too deep, nothing but the server knows.
  names: namesOf(2),
  // By a push below a project that exists.
  repositoryCreation: "implicit",
  // Of a group or a project, by the API.
  repositoryListing: true,
  // By OCI since GitLab 16.4, by `tags/reference` since 12.8, by the API before.
  tagDeletion: "probe",
  manifestDeletion: "distribution",
  // Twenty in one mutation of GraphQL where the token reaches it; one otherwise.
  tagBatchSize: 1,
  deletionBatchSize: 1,
  // What credentials without access to GraphQL get; with it there are digests and times.
  listing: "names",
  listingPaging: "cursor",
  untaggedListing: false,
  // With the metadata database, online garbage collection takes what no tag and no index names, within a day.
  deletionCascade: ["tags", "children"],
  refusesTagged: false,
  lastTagTakesManifest: true,
  untaggedPut: true,
  chunkedUploads: true,
  // gitlab-org/container-registry#1205: the endpoint answers 404.
  referrers: "fallback-tag",
  // 409 MANIFEST_REFERENCED with the metadata database; without it the order of deletions is the protection.
  refusesIndexChildren: true,
  // Protected and immutable tags are rules of a project.
  immutableTags: true,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};
