import type { Capabilities } from "../../src/registry/capabilities.ts";

/** Private registries. Source: Amazon ECR API reference and user guide, unless a line says otherwise. */
export const capabilities: Capabilities = {
  // The only limit of a name is its length.
  nestedRepositories: true,
  repositoryComponents: 0,
  // A creation template with `CREATE_ON_PUSH` changes that for names it matches; nobody can see it from outside.
  repositoryCreation: "explicit",
  repositoryListing: true,
  // BatchDeleteImage by `imageTag`.
  tagDeletion: "native",
  manifestDeletion: "native",
  tagBatchSize: 100,
  deletionBatchSize: 100,
  // DescribeImages.
  listing: "digests-and-times",
  // `nextToken` is opaque.
  listingPaging: "cursor",
  untaggedListing: true,
  deletionCascade: ["tags"],
  refusesTagged: false,
  // "When you remove the last tag from an image, the image is deleted from your repository."
  lastTagTakesManifest: true,
  untaggedPut: true,
  // The Range it answers stands still after the first chunk, and an upload cannot be asked where it is.
  // Source: containers-roadmap#2831, dotnet/sdk#33019.
  chunkedUploads: false,
  // There since 2024, not in every partition.
  referrers: "probe",
  // `ImageReferencedByManifestList`, also when the last tag of a child is removed.
  refusesIndexChildren: true,
  // A setting of each repository.
  immutableTags: true,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};

/** ECR Public has no immutable tags. */
export const publicCapabilities: Capabilities = { ...capabilities, immutableTags: false };
