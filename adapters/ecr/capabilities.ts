import type { Capabilities } from "../../src/registry/capabilities.ts";
import type { NameRule } from "../../src/registry/names.ts";

/** Narrower than the specification: one separator at a time. Source: `repositoryName` of CreateRepository. */
const NAMES: NameRule = {
  maxLength: 256,
  pattern: "^(?=.{2})(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$",
  about: "two lower-case letters or digits or more, with single . _ - / between them",
};

/** An address begins with the alias of a registry, which is no part of a name of 205 characters at most. Source: as above. */
const PUBLIC_NAMES: NameRule = {
  maxLength: 255,
  pattern:
    "^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*/(?=.{2,205}$)(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$",
  about:
    "an alias, a slash and up to 205 lower-case letters or digits with single . _ - / between them",
};

/** Private registries. Source: Amazon ECR API reference and user guide, unless a line says otherwise. */
export const capabilities: Capabilities = {
  // The only limit of a name is its length.
  nestedRepositories: true,
  repositoryComponents: 0,
  names: NAMES,
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
  // BatchGetImage, PutImage and mounts, within an account and region.
  serverCopy: true,
  garbageCollection: "server",
};

/** ECR Public has neither immutable tags nor BatchGetImage. */
export const publicCapabilities: Capabilities = {
  ...capabilities,
  names: PUBLIC_NAMES,
  immutableTags: false,
  serverCopy: false,
};
