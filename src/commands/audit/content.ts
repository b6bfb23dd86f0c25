import { IMAGE_LABEL } from "../../engine/audit/content.ts";
import type { Content, ContentChild, ImageDetails } from "../../engine/audit/content.ts";
import { PRODUCTS } from "../../engine/audit/support.ts";
import type { Descriptor, Platform } from "../../oci/descriptor.ts";
import { ManifestError, parseManifest, parseRunConfig } from "../../oci/manifest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { isForeignLayer, isImageConfigType, isManifestType } from "../../oci/media-type.ts";
import { isStageLabel } from "../../stages/labels.ts";

/** What a manifest says, and whether its config describes an image. */
export interface ReadContent {
  readonly content: Content;
  readonly isImage: boolean;
  /** Why nobody can read it, in one line. */
  readonly why?: string;
}

const LABELS: ReadonlySet<string> = new Set(Object.values(IMAGE_LABEL));
const VARIABLES: ReadonlySet<string> = new Set(PRODUCTS.flatMap(({ variable }) => variable ?? []));

/** What a manifest says; `unreadable` for what nobody can read. */
export function contentOf(body: ManifestBody): ReadContent {
  const { mediaType, bytes } = body;
  const stored = { mediaType, size: bytes.length };
  try {
    const manifest = parseManifest(body);
    const base = manifest.annotations[IMAGE_LABEL.base];
    const told = {
      ...stored,
      ...(manifest.subject === undefined ? {} : { subject: manifest.subject.digest }),
      ...(base === undefined ? {} : { base }),
    };
    if (manifest.kind === "index") {
      // Caches of builds are indexes whose entries are layers.
      const isBlob = (entry: Descriptor): boolean =>
        entry.mediaType !== "" && !isManifestType(entry.mediaType);
      const blobs = manifest.children.filter(isBlob).map(({ digest, size }) => ({ digest, size }));
      const children = manifest.children.filter((entry) => !isBlob(entry)).map(childOf);
      return { content: { ...told, kind: "index", blobs, children }, isImage: false };
    }
    const { config, layers } = manifest;
    const blobs = [config, ...layers.filter((layer) => !isForeignLayer(layer.mediaType))];
    return {
      content: {
        ...told,
        kind: "image",
        blobs: blobs.map(({ digest, size }) => ({ digest, size })),
        children: [],
        config: config.digest,
      },
      isImage: isImageConfigType(config.mediaType),
    };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const nothing = { kind: "unreadable", blobs: [], children: [] } as const;
    return { content: { ...stored, ...nothing }, isImage: false, why: error.message };
  }
}

/** What a config tells, as far as an audit reads it. Throws `ManifestError`. */
export function detailsIn(bytes: Uint8Array): ImageDetails {
  const { created, labels, platform, env } = parseRunConfig(bytes);
  const variables = env.map((line): [string, string] => {
    const equals = line.indexOf("=");
    return [line.slice(0, equals), line.slice(equals + 1)];
  });
  return {
    ...(created === undefined ? {} : { created }),
    ...(platform === undefined ? {} : { platform: formatPlatform(platform) }),
    labels: Object.fromEntries(
      Object.entries(labels).filter(([label]) => LABELS.has(label) || isStageLabel(label)),
    ),
    versions: Object.fromEntries(variables.filter(([name]) => VARIABLES.has(name))),
  };
}

/** What no platform runs is `unknown/unknown`, as builders mark attestations. */
function childOf({ digest, platform }: Descriptor): ContentChild {
  const runs = platform !== undefined && platform.os !== "unknown" && platform.os !== "";
  return { digest, ...(runs ? { platform: formatPlatform(platform) } : {}) };
}

function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}
