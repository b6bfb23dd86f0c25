import type { FakeAuth } from "./auth.ts";

/** How one kind of registry behaves where the specification leaves room, or where servers ignore it. */
export interface Personality {
  readonly name: string;
  /** `digest-invalid-400`: a tag is taken for a broken digest, as docker-registry 2.8 does. */
  readonly tagDeletion: "allow" | "digest-invalid-400" | "405";
  readonly manifestDeletion: "allow" | "405";
  readonly blobDeletion: "allow" | "405";
  readonly referrers: boolean;
  /** Most descriptors of one referrers page. Absent: one page. */
  readonly referrersPageSize?: number;
  /** Whether the server applies `?artifactType=` and says so. */
  readonly filtersReferrers: boolean;
  /** Tags of a page when the client names no `n`. Absent: the whole list. */
  readonly pageSize?: number;
  /** Most tags of a page, whatever `n` says. */
  readonly maxPage?: number;
  /** `n` and `last` are not looked at, and there is never a link. */
  readonly ignorePaging: boolean;
  /** `broken-prefix`: the path lacks the repository's first component, so that only `last` is usable. */
  readonly linkStyle: "relative" | "absolute" | "no-brackets" | "broken-prefix";
  /** An empty tag list is `null`. */
  readonly tagsNull: boolean;
  readonly tagOrder: "lexical" | "insertion" | "reverse";
  /** A `last` that names no tag is answered with 404. */
  readonly unknownLastIs404: boolean;
  /** A manifest is refused while one of its blobs or children is missing. */
  readonly requireBlobs: boolean;
  /** A manifest that an index names is not deleted: 405 `DENIED`. */
  readonly indexChildRefusal: boolean;
  /** `oci`: a Docker manifest or manifest list is answered with 415 `MANIFEST_INVALID`. */
  readonly manifestTypes: "any" | "oci";
  /** An OCI manifest or index whose type `Accept` does not list looks absent. */
  readonly needsAccept: boolean;
  /** Whether manifest answers carry `Docker-Content-Digest`. */
  readonly contentDigestHeader: boolean;
  /** A second PUT of a tag with other bytes is refused. */
  readonly immutableTags: boolean;
  /** `POST …?digest=` with the bytes stores the blob; otherwise it opens a session. */
  readonly monolithicPost: boolean;
  /** A mount without `from` looks in every repository. */
  readonly automaticMount: boolean;
  readonly locationStyle: "relative" | "absolute";
  /** Bytes that a chunk must have which is not the last. Absent: none is too small, and the server does not say. */
  readonly minChunkBytes?: number;
  readonly auth: FakeAuth;
}

/** Does all that distribution-spec 1.1 says, optional parts included. */
export const ociConformant: Personality = {
  name: "OCI conformant",
  tagDeletion: "allow",
  manifestDeletion: "allow",
  blobDeletion: "allow",
  referrers: true,
  filtersReferrers: true,
  maxPage: 1000,
  ignorePaging: false,
  linkStyle: "relative",
  tagsNull: false,
  tagOrder: "lexical",
  unknownLastIs404: false,
  requireBlobs: false,
  indexChildRefusal: false,
  manifestTypes: "any",
  needsAccept: false,
  contentDigestHeader: true,
  immutableTags: false,
  monolithicPost: true,
  automaticMount: true,
  locationStyle: "relative",
  auth: { kind: "none" },
};

/** docker-registry 2.8: no paging, no referrers, no deletion by tag, strict about blobs and `Accept`. */
export const dockerRegistry2: Personality = {
  ...ociConformant,
  name: "docker-registry 2.8",
  tagDeletion: "digest-invalid-400",
  referrers: false,
  ignorePaging: true,
  tagsNull: true,
  tagOrder: "insertion",
  requireBlobs: true,
  needsAccept: true,
  monolithicPost: false,
  automaticMount: false,
  locationStyle: "absolute",
};

/** zot 2.1: takes OCI manifests only, untags by tag, keeps what an index names, refuses a `last` it does not know. */
export const zotLike: Personality = {
  ...ociConformant,
  name: "zot-like",
  unknownLastIs404: true,
  requireBlobs: true,
  indexChildRefusal: true,
  manifestTypes: "oci",
  automaticMount: false,
};

/** The same with `"compat": ["docker2s2"]`. Source: https://zotregistry.dev/v2.1.18/articles/docker/ */
export const zotWithDocker: Personality = {
  ...zotLike,
  name: "zot-like, Docker formats allowed",
  manifestTypes: "any",
};
