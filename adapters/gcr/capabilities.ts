import type { Capabilities } from "../../src/registry/capabilities.ts";
import { namesOf } from "../../src/registry/names.ts";

/** Names of the Container Registry. */
export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  // `PROJECT/IMAGE`.
  names: namesOf(2),
  // An image is made by its first push; the repository of Artifact Registry it lies in has to be there.
  repositoryCreation: "implicit",
  // `child` of a listing, from a project of gcr.io or a repository of pkg.dev on.
  repositoryListing: true,
  tagDeletion: "distribution",
  manifestDeletion: "distribution",
  tagBatchSize: 1,
  // `versions:batchDelete` does not say what it does with a version that has a tag; see README.md.
  deletionBatchSize: 1,
  listing: "digests-and-times",
  listingPaging: "cursor",
  untaggedListing: true,
  // 400 GOOGLE_MANIFEST_DANGLING_TAG and GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE: nothing goes along.
  deletionCascade: [],
  refusesTagged: true,
  lastTagTakesManifest: false,
  untaggedPut: true,
  // Source: Artifact Registry, "Docker Registry API": monolithic uploads only.
  chunkedUploads: false,
  // Reports contradict each other; see README.md.
  referrers: "probe",
  refusesIndexChildren: true,
  // A setting of the repository: `dockerConfig.immutableTags`.
  immutableTags: true,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};

/** `LOCATION-docker.pkg.dev`: `PROJECT/REPOSITORY/IMAGE`. Source: Artifact Registry, "Repository and image names". */
export const artifactRegistryCapabilities: Capabilities = { ...capabilities, names: namesOf(3) };
