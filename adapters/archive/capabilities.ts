import type { Capabilities } from "../../src/registry/capabilities.ts";

export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  // Paths. Source: `PATH_MAX` of limits.h on Linux.
  names: { maxLength: 4095, pattern: "^/", about: "an absolute path" },
  repositoryCreation: "implicit",
  // An archive is a file among others: which of them are archives, only reading all of them would tell.
  repositoryListing: false,
  // What is in an archive stays in it: taking something out means writing another one.
  tagDeletion: "none",
  manifestDeletion: "none",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  // index.json names the digest of every tag.
  listing: "digests",
  // A listing is a snapshot, so it cannot miss what moves while it is read.
  listingPaging: "cursor",
  untaggedListing: true,
  deletionCascade: [],
  refusesTagged: false,
  lastTagTakesManifest: false,
  untaggedPut: true,
  // One writing of a file.
  chunkedUploads: false,
  // Subjects are read from the manifests themselves, fallback tags included.
  referrers: "api",
  refusesIndexChildren: false,
  immutableTags: false,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};
