import type { Capabilities } from "../../src/registry/capabilities.ts";

/** Changes of one call share one log line and one fsync, so a batch is only bounded by memory. */
const BATCH_SIZE = 10_000;

export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  // Paths. Source: `PATH_MAX` of limits.h on Linux.
  names: { maxLength: 4095, pattern: "^/", about: "an absolute path" },
  repositoryCreation: "implicit",
  repositoryListing: true,
  tagDeletion: "native",
  manifestDeletion: "native",
  tagBatchSize: BATCH_SIZE,
  deletionBatchSize: BATCH_SIZE,
  // index.json names the digest of every tag.
  listing: "digests",
  // A listing is a snapshot, so it cannot miss what moves while it is read.
  listingPaging: "cursor",
  untaggedListing: true,
  deletionCascade: ["tags"],
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
  garbageCollection: "client",
};
