import type { Capabilities } from "../../src/registry/capabilities.ts";
import { namesOf } from "../../src/registry/names.ts";

/** Quay with a token for its API. Sources: quay/quay `endpoints/api/tag.py`, `endpoints/v2`, `data/model/oci`. */
export const capabilities: Capabilities = {
  // quay.io takes `namespace/name` only; `quay-nested` says that a server has extended names.
  nestedRepositories: false,
  repositoryComponents: 2,
  names: namesOf(2),
  repositoryCreation: "implicit",
  repositoryListing: true,
  tagDeletion: "distribution",
  manifestDeletion: "distribution",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "digests-and-times",
  // Pages by number, the tag that moved last first.
  listingPaging: "offset",
  untaggedListing: false,
  // What no tag reaches is not served any more. That a referrer without a tag goes with its subject is unconfirmed.
  deletionCascade: ["tags", "children", "referrers"],
  refusesTagged: false,
  // A manifest is served as long as a tag, or an index with a tag, reaches it.
  lastTagTakesManifest: true,
  // For an hour (`PUSH_TEMP_TAG_EXPIRATION_SEC`): the tag has to follow.
  untaggedPut: true,
  chunkedUploads: true,
  // `FEATURE_REFERRERS_API`, on by default since it exists.
  referrers: "probe",
  // By digest, what has no tag of its own is answered with 404.
  refusesIndexChildren: true,
  // `FEATURE_IMMUTABLE_TAGS`.
  immutableTags: true,
  // The time machine, two weeks unless a namespace says otherwise.
  undelete: "native",
  serverCopy: false,
  garbageCollection: "server",
};

/** Without a token there is `/v2/` alone. */
export const withoutToken: Capabilities = {
  ...capabilities,
  listing: "names",
  listingPaging: "cursor",
  undelete: "none",
};
