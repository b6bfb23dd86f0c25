import type { Descriptor, Platform } from "../../oci/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX } from "../../oci/media-type.ts";

/** A stage as a child of an index. */
export interface IndexChild {
  readonly platform: Platform & { readonly osVersion?: string };
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of its manifest. */
  readonly size: number;
}

/**
 * The index of the stages of one image: the same children always make the same bytes, in whatever order they come.
 *
 * A Docker manifest list, as werf writes it, where every child is a Docker image; else an OCI index, for a manifest list
 * has no room for other children.
 */
export function stageIndex(
  children: readonly IndexChild[],
  mediaType: string = indexTypeOf(children),
): ManifestBody {
  const manifests = children.map(describe).toSorted(byPlatform);
  const bytes = new TextEncoder().encode(
    JSON.stringify({ schemaVersion: 2, mediaType, manifests }),
  );
  return { mediaType, digest: digestOf(bytes), bytes };
}

function indexTypeOf(children: readonly IndexChild[]): string {
  return children.every(({ mediaType }) => mediaType === DOCKER_MANIFEST)
    ? DOCKER_INDEX
    : OCI_INDEX;
}

/** Whether an index names the same manifests for the same platforms, and none besides. */
export function hasSameChildren(
  index: readonly Descriptor[],
  children: readonly IndexChild[],
): boolean {
  const keyOf = ({
    digest,
    platform,
  }: {
    readonly digest: Digest;
    readonly platform?: Platform;
  }): string => [digest, platform?.os, platform?.architecture, platform?.variant ?? ""].join(" ");
  const known = new Set(index.map(keyOf));
  return known.size === children.length && children.every((child) => known.has(keyOf(child)));
}

function describe({ mediaType, digest, size, platform }: IndexChild): Described {
  const { os, architecture, variant, osVersion } = platform;
  return {
    mediaType,
    size,
    digest,
    platform: {
      architecture,
      os,
      ...(osVersion === undefined ? {} : { "os.version": osVersion }),
      ...(variant === undefined ? {} : { variant }),
    },
  };
}

interface Described {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
  readonly platform: Readonly<Record<string, string>>;
}

function byPlatform(a: Described, b: Described): number {
  const keyOf = ({ platform, digest }: Described): string =>
    [platform["os"], platform["architecture"], platform["variant"] ?? "", digest].join("/");
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
