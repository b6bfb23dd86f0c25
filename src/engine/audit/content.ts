import type { Digest } from "../../oci/digest.ts";

/** What an audit knows of a manifest. */
export interface Content {
  readonly mediaType: string;
  /** `unreadable`: stored, but no manifest anyone understands. */
  readonly kind: "image" | "index" | "unreadable";
  /** Bytes of the manifest. */
  readonly size: number;
  /** Config and layers; of an index what is no manifest. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  readonly children: readonly ContentChild[];
  /** Of an image. */
  readonly config?: Digest;
  /** What it is about: then it is a signature, an attestation or the like. */
  readonly subject?: Digest;
  /** Name of the base image, from its annotations. */
  readonly base?: string;
  /** Of an image. Absent: nobody asked for it. */
  readonly image?: ImageDetails | "unreadable";
}

export interface ContentChild {
  readonly digest: Digest;
  /** `linux/amd64`. Absent: the index does not tell, or no platform runs it. */
  readonly platform?: string;
}

/** What the config of an image tells, as far as an audit reads it. */
export interface ImageDetails {
  /** RFC 3339. */
  readonly created?: string;
  /** `linux/amd64`. */
  readonly platform?: string;
  /** Only those that an audit reads. */
  readonly labels: Readonly<Record<string, string>>;
  /** Variables that tell the version of a runtime: `NODE_VERSION`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Labels of images. Source: OCI image-spec, annotations.md. */
export const IMAGE_LABEL = {
  base: "org.opencontainers.image.base.name",
  title: "org.opencontainers.image.title",
  revision: "org.opencontainers.image.revision",
  refName: "org.opencontainers.image.ref.name",
  version: "org.opencontainers.image.version",
} as const;

/** What the config of an image tells; `undefined` when nobody read it or nobody can. */
export function detailsOf(content: Content | undefined): ImageDetails | undefined {
  return content?.image === "unreadable" ? undefined : content?.image;
}
