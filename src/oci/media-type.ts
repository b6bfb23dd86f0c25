/** Media types of manifests and configs. Source: OCI image-spec, media-types.md; Docker manifest v2 schema 2. */

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
export const OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";
export const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
export const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
export const DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/**
 * Every manifest type a client asks for. Without the index types several registries convert an index
 * or answer 404, so a missing type looks like a missing image.
 */
export const MANIFEST_TYPES = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST] as const;

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

export function isManifestType(mediaType: string): boolean {
  return MANIFEST_TYPES.some((known) => known === mediaType);
}

/** Whether a manifest may have children or a subject: Docker's images have neither. `undefined`: nobody told its type. */
export function mayPointAtOthers(mediaType: string | undefined): boolean {
  return mediaType === undefined || mediaType === OCI_MANIFEST || isIndexType(mediaType);
}

/** Whether a config describes something that runs, rather than an artifact. */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/**
 * Whether a layer may not be distributed: its manifest tells where it is, and a registry need not hold it. Source: OCI
 * image-spec, layer.md; Docker manifest v2 schema 2.
 */
export function isForeignLayer(mediaType: string): boolean {
  return /\.nondistributable\.|\.rootfs\.foreign\./.test(mediaType);
}
