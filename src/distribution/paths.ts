import type { Digest } from "../oci/digest.ts";
import { referenceKey } from "../oci/reference.ts";
import type { Reference, Repository } from "../oci/reference.ts";

/** Paths below a registry's host. Source: OCI distribution-spec, endpoints. */

export function manifestPath(reference: Reference): string {
  return `/v2/${reference.name}/manifests/${referenceKey(reference)}`;
}

export function blobPath({ name }: Repository, digest: Digest): string {
  return `/v2/${name}/blobs/${digest}`;
}

export function uploadsPath({ name }: Repository): string {
  return `/v2/${name}/blobs/uploads/`;
}

export function tagsPath({ name }: Repository): string {
  return `/v2/${name}/tags/list`;
}

export function referrersPath({ name }: Repository, digest: Digest): string {
  return `/v2/${name}/referrers/${digest}`;
}
