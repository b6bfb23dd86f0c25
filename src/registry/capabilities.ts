/**
 * What one registry can do, as plain data.
 *
 * Complete on purpose: a new field makes every adapter take a position.
 */
export interface Capabilities {
  /** Whether a repository name may hold more than one `/` below the namespace, as in `acme/shop/api`. */
  readonly nestedRepositories: boolean;
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
  /** `api`: the referrers endpoint; `fallback-tag`: only the `<alg>-<hex>` index tag; `probe`: the server tells. */
  readonly referrers: "api" | "fallback-tag" | "probe";
  /** Whether the registry refuses to delete a manifest that an index still names. */
  readonly refusesIndexChildren: boolean;
  /** Whether tags may be refused a second PUT: writing the `cleanup` record is then a warning. */
  readonly immutableTags: boolean;
  /** `client`: blobs nothing refers to are removed by `collectGarbage`; `server`: by the registry itself. */
  readonly garbageCollection: "client" | "server";
}
