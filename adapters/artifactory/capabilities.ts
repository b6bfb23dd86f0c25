import type { Capabilities } from "../../src/registry/capabilities.ts";
import { anyName } from "../../src/registry/names.ts";

export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  names: anyName,
  // Within a local Docker or OCI repository, which an administrator makes.
  repositoryCreation: "implicit",
  repositoryListing: true,
  // A tag is a folder; `DELETE /<repository>/<image>/<tag>` removes it. Source: "Deletion and Cleanup of Docker Tags and
  // Repositories".
  tagDeletion: "native",
  manifestDeletion: "native",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  // One AQL query tells path, sha256, created and modified of every manifest file.
  listing: "digests-and-times",
  // An AQL answer is one reading of the database; it has no pages.
  listingPaging: "cursor",
  // Manifests that were pushed by digest stand in folders named `sha256:<hex>`.
  untaggedListing: true,
  // A deletion removes the folders it was told, and refuses when there is another one. Children of a list stay (skopeo
  // #2497); that some versions clean them up later is said here and there, and nowhere promised.
  deletionCascade: [],
  refusesTagged: false,
  // Each tag's folder holds its own copy of the manifest, and a digest is looked up among the copies: with the last copy
  // the digest is gone, also for an index that names it.
  lastTagTakesManifest: true,
  untaggedPut: true,
  // Older ones take nothing else. Source: moby/buildkit#1130.
  chunkedUploads: true,
  // Since 7.90.1; older versions answer 404.
  referrers: "probe",
  // No refusal is documented ("Find Parent Manifest Lists" is an API to look before).
  refusesIndexChildren: false,
  // Overwriting a tag takes the permission Delete/Overwrite, which is a right, not a rule.
  immutableTags: false,
  // The trash can, where it is on: `POST /api/trash/restore/…`. Source: "Restore Item from Trash Can".
  undelete: "native",
  // "Promote a Docker Image" exists, but its digest after a copy is not documented.
  serverCopy: false,
  garbageCollection: "server",
};
