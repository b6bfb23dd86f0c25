import { isDigest } from "./digest.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, isIndexType } from "./media-type.ts";

/** A manifest as it came: the digest is over these bytes, so they are never serialised again. */
export interface ManifestBody {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** What a manifest points at. */
export type Manifest = ImageManifest | Index;

export interface ImageManifest {
  readonly kind: "image";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Index {
  readonly kind: "index";
  readonly children: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest that is no manifest: broken JSON, or a field without its shape. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** Reads a manifest's pointers. Throws `ManifestError`. */
export function parseManifest({ mediaType, bytes }: Omit<ManifestBody, "digest">): Manifest {
  const json = parseObject(bytes, "manifest");
  const subject = json["subject"] === undefined ? {} : { subject: descriptor(json["subject"]) };
  const artifactType =
    typeof json["artifactType"] === "string" ? { artifactType: json["artifactType"] } : {};
  const shared = { ...subject, ...artifactType, annotations: strings(json["annotations"]) };
  if (
    isIndexType(mediaType) ||
    (json["config"] === undefined && Array.isArray(json["manifests"]))
  ) {
    return { kind: "index", children: descriptors(json["manifests"]), ...shared };
  }
  return {
    kind: "image",
    config: descriptor(json["config"]),
    layers: descriptors(json["layers"]),
    ...shared,
  };
}

/**
 * The media type of a manifest: what the registry said, else what the body says, else what its fields tell.
 * `undefined` when the bytes are no manifest.
 */
export function sniffMediaType(
  bytes: Uint8Array,
  contentType: string | undefined,
): string | undefined {
  const said = contentType?.split(";")[0]?.trim();
  if (said !== undefined && said !== "" && !GENERIC_TYPES.has(said)) return said;
  try {
    const json = parseObject(bytes, "manifest");
    if (typeof json["mediaType"] === "string") return json["mediaType"];
    if (Array.isArray(json["manifests"])) return OCI_INDEX;
    if (typeof json["config"] === "object") {
      return JSON.stringify(json["config"]).includes("vnd.docker.")
        ? DOCKER_MANIFEST
        : OCI_MANIFEST;
    }
    return undefined;
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** What an image config carries, as far as anyone here reads it. */
export interface ImageConfig {
  /** RFC 3339; absent when the builder wrote none. */
  readonly created?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reads an image config. A config without labels has none. Throws `ManifestError`. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const json = parseObject(bytes, "image config");
  const inner = json["config"];
  const labels = isObject(inner) ? strings(inner["Labels"]) : {};
  return typeof json["created"] === "string" ? { created: json["created"], labels } : { labels };
}

/** What an image config carries for whoever runs the image. */
export interface RunConfig extends ImageConfig {
  /** Absent: the config does not tell both parts of it. */
  readonly platform?: NonNullable<Descriptor["platform"]>;
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/** Reads an image config with what running it takes. Throws `ManifestError`. */
export function parseRunConfig(bytes: Uint8Array): RunConfig {
  const json = parseObject(bytes, "image config");
  const inner = json["config"];
  const env: unknown = isObject(inner) ? inner["Env"] : undefined;
  const platform = readPlatform(json);
  return {
    ...parseImageConfig(bytes),
    ...(platform.os === "" || platform.architecture === "" ? {} : { platform }),
    env: Array.isArray(env) ? env.filter((line) => typeof line === "string") : [],
  };
}

const GENERIC_TYPES = new Set(["application/json", "application/octet-stream", "text/plain"]);

function parseObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ManifestError(`the ${what} is not JSON`, { cause: error });
  }
  if (!isObject(json)) throw new ManifestError(`the ${what} is not a JSON object`);
  return json;
}

function descriptors(value: unknown): Descriptor[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ManifestError("a list of descriptors is no list");
  return value.filter((entry) => !isForeignAlgorithm(entry)).map(descriptor);
}

/**
 * Whether a descriptor names content by an algorithm that no registry here can be asked by. The others of its list are
 * read all the same.
 */
function isForeignAlgorithm(value: unknown): boolean {
  const digest = isObject(value) ? value["digest"] : undefined;
  if (typeof digest !== "string" || isDigest(digest)) return false;
  return (
    /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/.test(digest) &&
    !/^sha(?:256|512):/.test(digest)
  );
}

function descriptor(value: unknown): Descriptor {
  if (!isObject(value)) throw new ManifestError("a descriptor is missing or no object");
  const { mediaType, digest, size, artifactType, annotations, platform } = value;
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw new ManifestError(`a descriptor has no usable digest`);
  }
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    size: typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : 0,
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    ...(isObject(annotations) ? { annotations: strings(annotations) } : {}),
    ...(isObject(platform) ? { platform: readPlatform(platform) } : {}),
  };
}

function readPlatform(value: Record<string, unknown>): NonNullable<Descriptor["platform"]> {
  const text = (field: unknown): string => (typeof field === "string" ? field : "");
  const platform = { os: text(value["os"]), architecture: text(value["architecture"]) };
  const variant = text(value["variant"]);
  return variant === "" ? platform : { ...platform, variant };
}

function strings(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
