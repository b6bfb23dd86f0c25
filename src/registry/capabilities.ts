import type { NameRule } from "./names.ts";

/**
 * What one registry can do, as plain data.
 *
 * Complete on purpose: a new field makes every adapter take a position.
 */
export interface Capabilities {
  /** Whether a repository name may hold more than one `/` below the namespace, as in `acme/shop/api`. */
  readonly nestedRepositories: boolean;
  /** Components of every repository's name where names cannot be nested: 2 for `namespace/name`. `0` where they can. */
  readonly repositoryComponents: number;
  /** What the name of a repository has to be, besides the number of its components. Tags are the specification's everywhere. */
  readonly names: NameRule;
  /** `implicit`: the first push makes a repository. `explicit`: it has to be made before. */
  readonly repositoryCreation: "implicit" | "explicit";
  /** Whether `listRepositories` can tell what lies below a namespace, given the rights. */
  readonly repositoryListing: boolean;
  /**
   * How a tag is removed while its manifest stays.
   *
   * - `distribution`: `DELETE /v2/<name>/manifests/<tag>`
   * - `native`: a call of the registry's own
   * - `probe`: depends on the server; `Registry.learn` finds out, and until then nobody may count on it
   * - `none`: a tag goes only together with its manifest
   */
  readonly tagDeletion: "distribution" | "native" | "probe" | "none";
  /** How a manifest is removed by digest, together with every tag on it. */
  readonly manifestDeletion: "distribution" | "native" | "none";
  /** Most tags one deletion request may carry. `1` when there is no batch call. */
  readonly tagBatchSize: number;
  /** Most digests one deletion request may carry. `1` when there is no batch call. */
  readonly deletionBatchSize: number;
  /** What one listing carries for each tag. With `names`, a digest costs one HEAD a tag. */
  readonly listing: "names" | "digests" | "digests-and-times";
  /** `offset`: a listing read while it changes can miss entries, so it is read until two readings agree. */
  readonly listingPaging: "cursor" | "offset";
  /** Whether the registry can tell manifests that no tag names. Where it cannot, they are out of reach of a cleanup. */
  readonly untaggedListing: boolean;
  /**
   * What else goes when a manifest is deleted, without being asked.
   *
   * - `tags`: every tag on it
   * - `children`: manifests of an index that nothing else names
   * - `referrers`: what has it as its subject
   */
  readonly deletionCascade: readonly ("tags" | "children" | "referrers")[];
  /**
   * Whether the registry refuses to delete a manifest that has a tag. `deleteManifests` then removes the tags it was
   * told first; one that came since makes it fail with `conflict`.
   */
  readonly refusesTagged: boolean;
  /** Whether a manifest goes with its last tag: a tag can go alone only where another one stays. */
  readonly lastTagTakesManifest: boolean;
  /** Whether a manifest may be stored by digest without a tag. */
  readonly untaggedPut: boolean;
  /**
   * Whether a large blob may go up in several requests, so that an upload that broke off goes on where it stopped. Where
   * not, it goes up in one, and begins anew.
   */
  readonly chunkedUploads: boolean;
  /** `api`: the referrers endpoint; `fallback-tag`: only the `<alg>-<hex>` index tag; `probe`: the server tells. */
  readonly referrers: "api" | "fallback-tag" | "probe";
  /** Whether the registry refuses to delete a manifest that an index still names. */
  readonly refusesIndexChildren: boolean;
  /** Whether tags may be refused a second PUT: writing the `cleanup` record is then a warning. */
  readonly immutableTags: boolean;
  /** `native`: what was deleted can be asked back by `undelete` for a time. */
  readonly undelete: "native" | "none";
  /** Whether `copyFrom` has the registry copy between its repositories, without the bytes of blobs passing the client. */
  readonly serverCopy: boolean;
  /** `client`: blobs nothing refers to are removed by `collectGarbage`; `server`: by the registry itself. */
  readonly garbageCollection: "client" | "server";
}
