import type { ManifestBody } from "../oci/manifest.ts";
import { isImageConfigType, isManifestType } from "../oci/media-type.ts";
import { formatPlatform } from "../stages/platform.ts";
import type { FullPlatform } from "../stages/platform.ts";
import type { Content } from "./content.ts";
import { parseBy } from "./json.ts";
import { imageConfig, imageManifest } from "./schema.ts";
import type { FoundConfig, FoundDescriptor, FoundPlatform } from "./schema.ts";
import { SourceError } from "./source.ts";
import type { SourceImage } from "./source.ts";

/** Of a platform; anything else would read as another platform. Source: containerd, `platforms.go`, `specifierRe`. */
const PART = /^[\w.-]*$/;

/**
 * Reads the image that a manifest is.
 *
 * @param named The platform that an index says it is for.
 */
export async function readImage(
  body: ManifestBody,
  named: FullPlatform | undefined,
  content: Content,
): Promise<SourceImage> {
  const { config, layers } = parseImage(body);
  if (!isImageConfigType(config.mediaType)) {
    throw new SourceError(
      `${body.digest} is an artifact (its config is ${config.mediaType}), not an image; only images become stages`,
    );
  }
  const configBytes = await content.readConfig(config.digest);
  if (configBytes.length !== config.size) {
    throw new SourceError(`its config ${config.digest} has another size than its manifest says`);
  }
  const fields = parseBy(imageConfig, configBytes, `the config ${config.digest}`);
  const told = fields.rootfs.diff_ids.length;
  if (told !== layers.length) {
    throw new SourceError(
      `${body.digest} has ${layers.length} layers, and its config tells of ${told}`,
    );
  }
  return {
    platform: formatPlatform(whichPlatform(named, fields, body)),
    manifest: body,
    config: plain(config),
    configBytes,
    layers: layers.map(plain),
  };
}

/** What an index says counts: old configs tell no variant. */
function whichPlatform(
  named: FullPlatform | undefined,
  config: FoundConfig,
  { digest }: ManifestBody,
): FullPlatform {
  const { os = "", architecture = "" } = config;
  const platform = named ?? platformOf({ ...config, os, architecture });
  if (platform.os === "" || platform.architecture === "") {
    throw new SourceError(
      `${digest} does not tell its platform: its config has no "os" or "architecture"`,
    );
  }
  if (Object.values(platform).every((part) => PART.test(part))) return platform;
  throw new SourceError(
    `${digest} is for ${JSON.stringify(formatPlatform(platform))}, which is no platform`,
  );
}

/** A platform as JSON tells it. */
export function platformOf({
  os,
  architecture,
  variant,
  "os.version": osVersion,
}: FoundPlatform): FullPlatform {
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}

function plain({ mediaType, digest, size, annotations }: FoundDescriptor): SourceImage["config"] {
  return { mediaType, digest, size, ...(annotations == null ? {} : { annotations }) };
}

function parseImage(body: ManifestBody): ReturnType<typeof imageManifest.parse> {
  if (!isManifestType(body.mediaType)) {
    throw new SourceError(
      `${body.digest} is a manifest of the type ${body.mediaType}; those of OCI images and of Docker schema 2 become stages`,
    );
  }
  const manifest = parseBy(imageManifest, body.bytes, `the manifest ${body.digest}`);
  refuseOtherType(body, manifest.mediaType);
  return manifest;
}

/** What is read as one thing here must not be another elsewhere. Source: OCI image-spec, manifest.md, `mediaType`. */
export function refuseOtherType(
  { mediaType, digest }: ManifestBody,
  own: string | undefined,
): void {
  if (own === undefined || own === mediaType) return;
  throw new SourceError(`${digest} is named as ${mediaType} and says of itself that it is ${own}`);
}
