import type { Capabilities } from "../../src/registry/capabilities.ts";
import { namesOf } from "../../src/registry/names.ts";

/** Harbor 2. Sources: goharbor/harbor `api/v2.0/swagger.yaml`, `src/controller/artifact`, `src/server/registry`. */
export const capabilities: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  // `PROJECT/REPOSITORY`, and deeper.
  names: namesOf(2),
  // The repository comes with its first push; its project has to be there.
  repositoryCreation: "implicit",
  repositoryListing: true,
  // `DELETE /v2/…/manifests/<tag>` answers 400 `UNSUPPORTED`; the API removes one tag.
  tagDeletion: "native",
  // Through the API, so that one permission of the credentials is asked for and not two.
  manifestDeletion: "native",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "digests-and-times",
  // The API pages by offset, but each listing is held against the tag list, which Harbor answers in one piece.
  listingPaging: "cursor",
  untaggedListing: true,
  // `deleteDeeply`: children without a tag and without another index go, accessories go with their tags.
  deletionCascade: ["tags", "children", "referrers"],
  refusesTagged: false,
  lastTagTakesManifest: false,
  untaggedPut: true,
  chunkedUploads: true,
  // Since 2.9 or 2.10; older servers answer 404.
  referrers: "probe",
  // 412 "the deleting artifact is referenced by others".
  refusesIndexChildren: true,
  // Tag immutability rules of a project.
  immutableTags: true,
  undelete: "none",
  // `POST …/artifacts?from=`.
  serverCopy: true,
  garbageCollection: "server",
};
