import type { Capabilities } from "../../src/registry/capabilities.ts";
import { namesOf } from "../../src/registry/names.ts";

/** The container registry: `ghcr.io`, `containers.HOST`. Sources: README.md. */
export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  // `OWNER/IMAGE`, and deeper.
  names: namesOf(2),
  repositoryCreation: "implicit",
  // Below an owner; `ghs_…` tokens may not.
  repositoryListing: true,
  // A version of the package, after the tag was given one of its own.
  tagDeletion: "native",
  // OCI `DELETE` is answered with 405: a manifest goes as a version of the package.
  manifestDeletion: "native",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "digests-and-times",
  // Pages are numbered; the adapter sees when they shift, and reads them again.
  listingPaging: "cursor",
  untaggedListing: true,
  deletionCascade: ["tags"],
  refusesTagged: false,
  // A version goes with all its tags, so with its only one.
  lastTagTakesManifest: true,
  untaggedPut: true,
  // A chunk of more than 4 MiB is refused, with the status of one out of order. Source: ocx-sh/ocx#237.
  chunkedUploads: false,
  // The referrers endpoint answers 404.
  referrers: "fallback-tag",
  // Children are versions of their own that may be deleted at any time.
  refusesIndexChildren: false,
  immutableTags: false,
  // 30 days.
  undelete: "native",
  serverCopy: false,
  garbageCollection: "server",
};

/** `docker.pkg.github.com`: images of one repository's packages, `OWNER/REPOSITORY/IMAGE`. */
export const dockerCapabilities: Capabilities = {
  ...capabilities,
  nestedRepositories: false,
  repositoryComponents: 3,
};

/** `docker.HOST` of an old GitHub Enterprise Server: versions are tags, found and deleted by GraphQL only. */
export const oldDockerCapabilities: Capabilities = {
  ...dockerCapabilities,
  repositoryListing: false,
  manifestDeletion: "none",
  listing: "names",
  untaggedListing: false,
  lastTagTakesManifest: false,
  undelete: "none",
};
